namespace Traffic.Playing;

/// <summary>Sends through an invoker that somebody else owns.</summary>
internal sealed class InvokerHandler(HttpMessageInvoker invoker) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        invoker.SendAsync(request, cancellationToken);
}
