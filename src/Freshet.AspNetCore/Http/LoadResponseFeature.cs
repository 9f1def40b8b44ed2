using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Freshet.AspNetCore.Http;

/// <summary>The head of an answer that is made for the cache.</summary>
internal sealed class LoadResponseFeature : IHttpResponseFeature
{
    private readonly Stack<(Func<object, Task> Callback, object State)> _onStarting = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _onCompleted = new();

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    /// <summary>Not used: the body has a feature of its own.</summary>
    public Stream Body { get; set; } = Stream.Null;

    public bool HasStarted { get; private set; }

    public void OnStarting(Func<object, Task> callback, object state)
    {
        if (HasStarted)
            throw new InvalidOperationException("The response has started.");
        _onStarting.Push((callback, state));
    }

    public void OnCompleted(Func<object, Task> callback, object state) => _onCompleted.Push((callback, state));

    public async Task StartAsync()
    {
        if (HasStarted)
            return;
        while (_onStarting.TryPop(out var next))
            await next.Callback(next.State);
        HasStarted = true;
    }

    public async Task CompleteAsync()
    {
        while (_onCompleted.TryPop(out var next))
            await next.Callback(next.State);
    }
}
