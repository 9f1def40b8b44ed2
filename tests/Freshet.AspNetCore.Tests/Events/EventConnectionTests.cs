using Freshet.AspNetCore.Events;
using Freshet.Coherence;
using Freshet.Events;
using Freshet.Invalidation;
using Freshet.Tests.Shared;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.AspNetCore.Tests.Events;

public class EventConnectionTests
{
    private readonly SwitchedLogs _store = new(new TagClocks(1024));
    private readonly InvalidationFeed _feed;
    private readonly EventChannel _channel;
    private readonly EventClock _clock;

    private readonly FakeTimeProvider _time = new();

    public EventConnectionTests()
    {
        var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var model = new EntityModelSource([new EntityModelPart(true, (_, m) => m.Entity("inbox").UserScoped())], services);
        var metrics = new EventMetrics(services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), NullLogger<CacheEventManager>.Instance);
        _clock = new EventClock(_time, new CacheEventOptions(), metrics);
        _feed = new InvalidationFeed(_store, model, new GroupNames(new byte[32]));
        _channel = new EventChannel(_feed, static (_, at) => $"{at.Own!.Value.Offset}", _clock);
    }

    private static EventClient Client(string user) => new(EventApp.Acme, user, new(), null, default);

    [Fact]
    public async Task Greeting_ComesAfterAllThatWasMissed_ThoughASharedReadingEndsBeforeIt()
    {
        var start = _feed.Head(EventApp.Acme);
        await _store.AppendAsync(EventApp.Acme, [Tag.Of("inbox", "bob")], default);
        // Somebody else stood at the same place and read up to here: nothing for alice.
        Assert.NotNull(_channel.Read(EventApp.Acme, start));
        await _store.AppendAsync(EventApp.Acme, [Tag.Of("import", "42")], default);

        var heard = new HeardConnection(Client("alice"), _channel, _clock);
        heard.Start(start, _feed.Head(EventApp.Acme), EventMessage.Ready("2", TimeSpan.FromSeconds(10), isResumed: true));
        heard.Wake();
        Assert.Equal(["cache_invalidation", "ready"], heard.Types);
    }

    [Fact]
    public async Task Greeting_DoesNotWaitForWhatComesAfterIt()
    {
        var start = _feed.Head(EventApp.Acme);
        await _store.AppendAsync(EventApp.Acme, [Tag.Of("import", "1")], default);
        var greeted = _feed.Head(EventApp.Acme);

        // A client that takes its messages slowly: with each that it takes, something new has come.
        var heard = new HeardConnection(Client("alice"), _channel, _clock) { OnSent = async () => await _store.AppendAsync(EventApp.Acme, [Tag.Of("import", "2")], default), Most = 4 };
        heard.Start(start, greeted, EventMessage.Ready("2", TimeSpan.FromSeconds(10), isResumed: true));
        heard.Wake();
        Assert.Equal(["cache_invalidation", "ready", "cache_invalidation", "cache_invalidation"], heard.Types);
    }

    [Fact]
    public async Task C6_LogsOutOfContact_NothingIsSaid_AndAllOfItOnceContactIsBack()
    {
        var head = _feed.Head(EventApp.Acme);
        var heard = new HeardConnection(Client("alice"), _channel, _clock);
        heard.Start(head, head, EventMessage.Ready("0", TimeSpan.FromSeconds(10), isResumed: true));
        heard.Wake();
        _store.IsCut = true;

        heard.Beat(); // as the answer to a ping
        await _store.AppendAsync(EventApp.Acme, [Tag.Of("import", "42")], default);
        heard.Wake();
        _time.Advance(TimeSpan.FromSeconds(10));
        heard.Tend(_clock.Now);
        Assert.Equal(["ready"], heard.Types);

        _store.IsCut = false;
        heard.Tend(_clock.Now);
        Assert.Equal(["ready", "cache_invalidation", "heartbeat"], heard.Types);
    }

    [Fact]
    public async Task C6_LogsOutOfContactWhenAClientComes_TheGreetingWaits_AndComesAfterWhatWasMissed()
    {
        var head = _feed.Head(EventApp.Acme);
        var heard = new HeardConnection(Client("alice"), _channel, _clock);
        heard.Start(head, head, EventMessage.Ready("0", TimeSpan.FromSeconds(10), isResumed: true));
        _store.IsCut = true;
        heard.Wake();
        Assert.Empty(heard.Types);

        await _store.AppendAsync(EventApp.Acme, [Tag.Of("import", "42")], default);
        _store.IsCut = false;
        heard.Tend(_clock.Now);
        Assert.Equal(["cache_invalidation", "ready"], heard.Types);
    }

    [Fact]
    public void C6_LogsOutOfContact_AConnectionCanStillBeClosed()
    {
        var head = _feed.Head(EventApp.Acme);
        var heard = new HeardConnection(Client("alice"), _channel, _clock);
        heard.Start(head, head, EventMessage.Ready("0", TimeSpan.FromSeconds(10), isResumed: true));
        _store.IsCut = true;
        heard.Close(EventClose.GoingAway);
        Assert.Equal(1001, heard.Closed?.Code);
    }

    [Fact]
    public void MessageThatNeverEnds_IsClosed_AndOneThatEndsInTimeIsNot()
    {
        var head = _feed.Head(EventApp.Acme);
        var heard = new HeardConnection(Client("alice"), _channel, _clock);
        heard.Start(head, head, EventMessage.Ready("0", TimeSpan.FromSeconds(10), isResumed: true));
        heard.Read(isWhole: false);
        _time.Advance(TimeSpan.FromSeconds(9));
        heard.Read(isWhole: true);
        _time.Advance(TimeSpan.FromSeconds(2));
        heard.Tend(_clock.Now);
        Assert.Null(heard.Closed);

        heard.Read(isWhole: false);
        _time.Advance(TimeSpan.FromSeconds(10));
        heard.Tend(_clock.Now);
        Assert.Equal((1008, "a message comes whole within 10 s"), (heard.Closed!.Code, heard.Closed.Reason));
    }

    [Fact]
    public void StreamThatIsCutOffAfterItsRequest_TouchesItNoMore()
    {
        var request = new DefaultHttpContext();
        var connection = new StreamConnection(Client("alice"), _channel, _clock, request);
        connection.Leave();
        // What the server does with the context of a request that is over.
        request.Uninitialize();
        connection.Abort();
        Assert.True(connection.Ended.IsCompleted);
    }

    private sealed class HeardConnection(EventClient client, EventChannel channel, EventClock clock) : EventConnection(client, channel, clock)
    {
        public List<string> Types { get; } = [];

        public EventClose? Closed { get; private set; }

        public Func<Task>? OnSent { get; init; }

        /// <summary>Ends after so many messages.</summary>
        public int Most { get; init; } = int.MaxValue;

        public void Read(bool isWhole) => NoteReading(isWhole);

        public override void Abort() => End();

        protected override async ValueTask SendAsync(EventMessage message)
        {
            using var json = System.Text.Json.JsonDocument.Parse(message.Json);
            Types.Add(json.RootElement.GetProperty("type").GetString()!);
            if (OnSent is { } sent)
                await sent();
            if (Types.Count == Most)
                End();
        }

        protected override ValueTask SendCloseAsync(EventClose close)
        {
            Closed = close;
            return ValueTask.CompletedTask;
        }
    }
}
