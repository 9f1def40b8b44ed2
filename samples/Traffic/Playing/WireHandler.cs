using System.Net;
using Traffic.Measuring;

namespace Traffic.Playing;

/// <summary>Counts what really goes to the API, below whatever a client keeps.</summary>
internal sealed class WireHandler(HttpMessageHandler inner, Measures measures) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (request.RequestUri!.AbsolutePath.StartsWith("/api/", StringComparison.Ordinal))
        {
            var hasBody = response.StatusCode is not (HttpStatusCode.NotModified or HttpStatusCode.NoContent) && response.Content.Headers.ContentLength != 0;
            measures.Called(response.StatusCode == HttpStatusCode.NotModified, hasBody);
        }

        return response;
    }
}
