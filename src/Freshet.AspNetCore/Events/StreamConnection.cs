using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Events;

/// <summary>A client on an event stream (<c>text/event-stream</c>, WHATWG HTML §9.2): it only listens.</summary>
internal sealed class StreamConnection(EventClient client, EventChannel channel, EventClock clock, HttpContext context)
    : EventConnection(client, channel, clock)
{
    private readonly Lock _gate = new();
    private readonly PipeWriter _body = context.Response.BodyWriter;
    private HttpContext? _context = context;

    public override void Abort()
    {
        // Before the end: a request that has ended can no longer be cut off.
        lock (_gate)
            _context?.Abort();
        End();
    }

    /// <summary>The request ends: from then on its context is nobody's, or another request's.</summary>
    public void Leave()
    {
        lock (_gate)
            _context = null;
    }

    // The server writes to the response itself, and Kestrel answers what was not sent in time with back-pressure.
    protected override async ValueTask SendAsync(EventMessage message) =>
        await _body.WriteAsync(message.Stream, CancellationToken.None).ConfigureAwait(false);

    // A stream has no close frame: it ends, and the client connects again or is refused with a status.
    protected override ValueTask SendCloseAsync(EventClose close) => ValueTask.CompletedTask;
}
