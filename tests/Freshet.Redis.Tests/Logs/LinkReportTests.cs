using System.Diagnostics.Metrics;
using System.Net;
using Freshet.Diagnostics;
using Freshet.Redis.Logs;
using Freshet.Redis.Tests.Testing;
using Freshet.Resp;
using Freshet.Resp.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Redis.Tests.Logs;

public class LinkReportTests
{
    private static readonly RespConnectionException Ended = new("The connection has ended", mayHaveRun: true);

    [Fact]
    public void LossTriedAgainAndAgain_IsSaidOnceForEachReason_AndCountedOnlyIfThereWasContact()
    {
        using var metrics = new CacheMetrics(new Factory());
        using var listener = new MeterListener();
        var lost = new List<string>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Scope is Factory && instrument.Name is "freshet.contact.lost")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => lost.Add($"{tags[0].Key}={tags[0].Value}"));
        listener.Start();
        using var lines = new LogLines();
        var report = new LinkReport(lines, metrics);

        report.Lost(null, ContactEnd.Connection, Ended, wasInContact: true);
        for (var i = 0; i < 5; i++)
        {
            report.Lost(null, ContactEnd.Unreachable, Ended, wasInContact: false);
            report.Lost(null, ContactEnd.NotLeading, RespServerException.Of("READONLY You can't write"u8), wasInContact: false);
        }

        Assert.Equal(["freshet.reason=connection"], lost);
        Assert.Equal(
            [
                "Warning: Contact with Redis is lost (connection): The connection has ended. Until it returns, requests that need this server are loaded from the origin and not stored.",
                "Warning: Contact with Redis is lost (unreachable): The connection has ended. Until it returns, requests that need this server are loaded from the origin and not stored.",
                "Warning: Contact with Redis is lost (not_leading): The server answered: READONLY You can't write. The server does not lead: let Freshet:Redis:Address name the primary, sentinels or a cluster. Until it returns, requests that need this server are loaded from the origin and not stored.",
            ],
            lines.All);
    }

    [Fact]
    public async Task ServerThatIsTriedBySeveralShards_IsSaidOnce_AndForgottenWithTheLast()
    {
        using var metrics = new CacheMetrics();
        using var lines = new LogLines();
        var report = new LinkReport(lines, metrics);
        RespShard Shard() => new(new DnsEndPoint("h", 1), (_, _) => Task.FromException<RespConnection>(Ended), null, TimeProvider.System);
        await using var first = Shard();
        await using var second = Shard();
        void Lost(RespShard shard) => report.Lost(shard, ContactEnd.Unreachable, Ended, wasInContact: false);

        Lost(first);
        report.Keep([second]);
        Lost(second);
        Assert.Single(lines.All);
        report.Keep([]);
        Lost(second);
        Assert.Equal(2, lines.All.Count);
    }

    [Theory]
    [InlineData("NOPERM this user has no permissions", "Give the user")]
    [InlineData("ERR The user executing the script can't run this command or subcommand", "Give the user")]
    [InlineData("READONLY You can't write", "name the primary")]
    [InlineData("OOM command not allowed", "raise its maxmemory")]
    [InlineData("NOREPLICAS Not enough good replicas to write.", "min-replicas-to-write")]
    public void WritesThatCannotBeLogged_AreSaidOnce_WithWhatToDo_AndWhenItIsOver(string answer, string advice)
    {
        using var metrics = new CacheMetrics();
        using var lines = new LogLines();
        var report = new LinkReport(lines, metrics);
        for (var i = 0; i < 3; i++)
            report.NotLogged(RespServerException.Of(System.Text.Encoding.UTF8.GetBytes(answer)));
        Assert.Contains(advice, Assert.Single(lines.All), StringComparison.Ordinal);
        report.LoggedAgain();
        Assert.Equal("Information: Writes are logged in Redis again; 3 had to wait.", lines.All[1]);
        report.LoggedAgain();
        Assert.Equal(2, lines.All.Count);
    }

    private sealed class Factory : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(new MeterOptions(options.Name) { Scope = this });

        public void Dispose()
        {
        }
    }
}
