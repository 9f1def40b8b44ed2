using Freshet.Redis.Logs;
using Freshet.Resp.Connections;
using Freshet.Resp.Scripts;

namespace Freshet.Redis.Agreements;

/// <summary>Asks on the connection of a session whether nodes agree. Safe for concurrent use.</summary>
internal sealed class SessionAgreements(LogLink link, LogSession session, RespConnection connection)
{
    /// <summary>Asks when it is due.</summary>
    public void Ask(Agreement agreement)
    {
        if (!session.HasEnded && agreement.TryAsk(session, out var call))
            Send(agreement, call);
    }

    // With the text of the script: it is asked for seldom, and needs no second way.
    private void Send(Agreement agreement, AgreeCall call) => connection.Send(
        new RunScript<AgreeCall>(call, withText: true),
        new LogSink(
            reply =>
            {
                if (agreement.TakeAnswer(session, reply, out var again))
                    Send(agreement, again);
                else
                    link.OnAgreement();
            },
            e =>
            {
                agreement.OnFailed(session);
                link.OnAgreementFailed(session, e);
            }));
}
