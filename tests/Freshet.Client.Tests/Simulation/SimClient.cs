using System.Net;

namespace Freshet.Client.Tests.Simulation;

/// <summary>A program with the real client, and what the promise says of it: from what it saw, the oldest version of each row that it may be shown.</summary>
internal sealed class SimClient : IDisposable
{
    private static readonly Uri Origin = new("http://model");
    private static readonly TimeSpan TwoHeartbeats = TimeSpan.FromSeconds(20);
    private readonly SimWorld _world;
    private readonly SimCarrier _carrier = new();
    private readonly HttpMessageInvoker _http;
    private readonly Wire _wire;
    private readonly List<Task> _running = [];
    private readonly int[] _required = new int[SimWords.Rows];
    private readonly (int Version, long At)[] _pending = new (int, long)[SimWords.Rows];
    private readonly Asked[] _asked = [.. Enumerable.Range(0, SimWords.Answers).Select(_ => new Asked())];
    private SimConnection? _connection;
    private DateTimeOffset _lastHeard;
    private bool _isReady;
    private long _begunAt;
    private int _heard;

    public SimClient(SimWorld world, int maxEntries)
    {
        _world = world;
        Client = new FreshetClient(new FreshetClientOptions
        {
            Events = new Uri(Origin, "/events"),
            Carrier = new HttpMessageInvoker(_carrier),
            Configure = o => (o.HttpVersion, o.HttpVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact),
            OnEvent = _ => _heard++,
            MaxEntries = maxEntries,
            Time = Clock,
        });
        _wire = new Wire(world, Client);
        _http = new HttpMessageInvoker(Client.CreateHandler(_wire));
    }

    public FreshetClient Client { get; }

    public SimClock Clock { get; } = new();

    public SimConnection? Connection => _connection;

    private bool HasContact => _isReady && _connection is { Line.IsClosed: false } && Clock.GetUtcNow() - _lastHeard < TwoHeartbeats;

    public void Get(int made)
    {
        if (!MayAsk())
            return;
        _world.Rules.BeforeGet(Client);
        var (required, pending) = ((int[])_required.Clone(), ((int, long)[])_pending.Clone());
        var (answer, job) = Send(HttpMethod.Get, $"/answer/{made}");
        if (job is null)
            NoteKept(made);
        else if (!HasContact)
            _world.Count(SimEvent.AskedOutOfContact);
        _running.Add(JudgeAsync(answer, made, required, pending, isKept: job is null));
    }

    public void Write(HttpMethod method, string rows)
    {
        if (!MayAsk())
            return;
        var (answer, job) = Send(method, $"/write/{rows}");
        _running.Add(AcknowledgeAsync(answer, (SimWrite)job!));
    }

    /// <summary>The next try to connect, or the one that waits.</summary>
    public void Connect(SimNode node)
    {
        if (!_carrier.IsAsked)
        {
            Clock.EndPause();
            return;
        }

        if (_world.Random.Below(8) == 0)
        {
            _carrier.Refuse();
            return;
        }

        var line = new SimLine();
        _isReady = false;
        _connection = new SimConnection(_world, node, line);
        _connection.Start(_world.Rules.ResumesFrom(Client, _carrier.Position));
        _carrier.Accept(line);
    }

    public void Hear()
    {
        if (_connection is not { Line.IsClosed: false } connection)
            return;
        var isSaid = connection.OnTheWay.Count > 0;
        var heard = _heard;
        if (connection.Deliver() is not { } message)
            return;
        if (isSaid && _heard == heard)
            throw new InvalidOperationException("The client has not heard yet what it was told.");
        Note(message);
    }

    public void Pass(TimeSpan time)
    {
        var wasOpen = _connection is { Line.IsClosed: false };
        Clock.Advance(time);
        if (wasOpen && _connection!.Line.IsClosed)
            _world.Count(SimEvent.SilenceEndedAConnection);
    }

    /// <summary>Leaves; what it has asked for goes on.</summary>
    public void Dispose()
    {
        Client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _http.Dispose();
        _wire.Dispose();
        _carrier.Dispose();
    }

    private void Note(SimMessage message)
    {
        _world.Count(message.Kind switch
        {
            CacheEventKind.Ready => message.IsResumed ? SimEvent.Resumed : SimEvent.NotResumed,
            CacheEventKind.Invalidation => SimEvent.Told,
            CacheEventKind.Heartbeat => SimEvent.Heartbeat,
            CacheEventKind.Resync => SimEvent.Resync,
            CacheEventKind.Lost => SimEvent.Cut,
            _ => SimEvent.Damaged,
        });
        // The connection of a damaged message has been given up.
        if (message.Kind is null or CacheEventKind.Lost)
            return;
        // Contact that was lost comes back only with `ready`.
        if (message.Kind is CacheEventKind.Ready || HasContact)
            (_isReady, _lastHeard) = (true, Clock.GetUtcNow());
        SimServer.Raise(_required, message.Told.Select((version, row) => (row, version)));
        if (message.Kind is CacheEventKind.Ready && !message.IsResumed)
            _begunAt = _world.Now;
        if (message.Kind is CacheEventKind.Invalidation)
        {
            foreach (var asked in _asked.Where(a => message.Groups is null || message.Groups.Intersect(a.Groups, StringComparer.Ordinal).Any()))
                asked.ToldAt = _world.Now;
        }
    }

    private bool MayAsk()
    {
        foreach (var task in _running.Where(t => t.IsCompleted))
            task.GetAwaiter().GetResult();
        _running.RemoveAll(t => t.IsCompleted);
        return _running.Count < 4;
    }

    private (Task<HttpResponseMessage> Answer, SimJob? Job) Send(HttpMethod method, string path)
    {
        _wire.Sent = null;
        var answer = _http.SendAsync(new HttpRequestMessage(method, new Uri(Origin, path)), CancellationToken.None);
        return (answer, _wire.Sent);
    }

    private void NoteKept(int made)
    {
        _world.Count(SimEvent.AnsweredWithoutACall);
        if (!HasContact)
            _world.Break($"answer {made} was given without a call and without contact");
        var asked = _asked[made];
        if (asked.CalledAt < asked.ToldAt && asked.WrittenAt > 0 && asked.WrittenAt < asked.CalledAt)
            _world.Count(SimEvent.OwnWriteFetchedOnce);
        if (asked.CalledAt < _begunAt)
            _world.Count(SimEvent.FirstLoadNotAskedTwice);
    }

    private async Task JudgeAsync(Task<HttpResponseMessage> answer, int made, int[] required, (int Version, long At)[] pending, bool isKept)
    {
        HttpResponseMessage response;
        try
        {
            response = await answer.ConfigureAwait(false);
        }
        catch (HttpRequestException)
        {
            return; // nothing was shown
        }

        if (!isKept)
            (_asked[made].CalledAt, _asked[made].Groups) = (_world.Now, [.. response.Headers.GetValues("Cache-Groups").Single().Split(", ").Select(g => g.Trim('"'))]);
        var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        foreach (var (row, version) in SimWords.Read(text))
        {
            if (version < required[row])
                _world.Break($"answer {made}, {(isKept ? "kept" : "called for")}, shows row {row} at version {version}, but its client knew of {required[row]} before it asked");
            // Pending is promised to nobody, but what was kept of before it has gone.
            if (isKept && version < pending[row].Version && long.Parse(response.Headers.GetValues("X-Sent").Single(), null) < pending[row].At)
                _world.Break($"answer {made}, kept, shows row {row} at version {version}, but its client has since written {pending[row].Version}, which was pending");
        }
    }

    private async Task AcknowledgeAsync(Task<HttpResponseMessage> answer, SimWrite write)
    {
        try
        {
            var response = await answer.ConfigureAwait(false);
            _world.Rules.Answered(response);
            await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        }
        catch (HttpRequestException)
        {
            // Judged by what the model says.
        }

        SimServer.Raise(_required, write.HasFailed ? write.KnownEverywhere : write.Written.Except(write.Pending));
        if (write.HasFailed)
            return;
        foreach (var (row, version) in write.Pending)
            _pending[row] = (version, _world.Now);
        var groups = SimWords.TouchOf(write.Written.Select(w => w.Row));
        foreach (var asked in _asked.Where(a => a.Groups.Intersect(groups, StringComparer.Ordinal).Any()))
            asked.WrittenAt = _world.Now;
    }

    /// <summary>When an answer was called for, and its groups were written or told of last.</summary>
    private sealed class Asked
    {
        public string[] Groups { get; set; } = [];

        public long CalledAt { get; set; }

        public long ToldAt { get; set; }

        public long WrittenAt { get; set; }
    }

    private sealed class Wire(SimWorld world, FreshetClient client) : HttpMessageHandler
    {
        public SimJob? Sent { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            world.Rules.Departed(client);
            var get = request.RequestUri!.AbsolutePath.StartsWith("/answer/", StringComparison.Ordinal) ? new SimGet(world, request) : null;
            var write = get is null ? new SimWrite(world, request) : null;
            Sent = (SimJob?)get ?? write!;
            world.Jobs.Add(Sent);
            return get?.Answered ?? write!.Answered;
        }
    }
}
