using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Events;

/// <summary>A client on an event stream (<c>text/event-stream</c>, WHATWG HTML §9.2): it only listens.</summary>
internal sealed class StreamConnection(EventClient client, EventChannel channel, EventClock clock, HttpContext context)
    : EventConnection(client, channel, clock)
{
    // The server writes to the response itself, and Kestrel answers what was not sent in time with back-pressure.
    protected override async ValueTask SendAsync(EventMessage message) =>
        await context.Response.BodyWriter.WriteAsync(message.Stream, CancellationToken.None).ConfigureAwait(false);

    // A stream has no close frame: it ends, and the client connects again or is refused with a status.
    protected override ValueTask SendCloseAsync(EventClose close) => ValueTask.CompletedTask;

    protected override void AbortTransport() => context.Abort();
}
