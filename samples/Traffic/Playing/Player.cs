using Traffic.Checking;
using Traffic.Measuring;
using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>Plays the script of every user against one platform, each at its own pace, and joins what they measured.</summary>
internal sealed class Player : IAsyncDisposable
{
    private readonly UserPlay[] _users;
    private readonly Browser _probe;
    private readonly TenantWorld _probed;
    private readonly PlayContext _context;
    private readonly Mix _mix;
    private readonly TimeProvider _time;

    /// <param name="site">The platform.</param>
    /// <param name="world">What there is to open.</param>
    /// <param name="mix">What users do.</param>
    /// <param name="seed">The seed of the script.</param>
    /// <param name="keeping">What clients keep.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isCached">Whether the platform has a cache; without one nothing can be old, on however many nodes.</param>
    public Player(Site site, Discovery world, Mix mix, int seed, Keeping keeping, TimeProvider time, bool isCached = true)
    {
        (_mix, _time) = (mix, time);
        var ledger = new Ledger();
        foreach (var (tenant, rows) in world.Rows) ledger.Start(tenant, rows);
        _context = new PlayContext(
            new Checker(ledger, world.Dashboards), new Moments(ledger, time), new EventDelays(time), new LoadedKeys(), keeping, time)
        {
            NodesMayLag = isCached && site.Nodes.Count > 1,
        };
        var users = world.Tenants.SelectMany(tenant => tenant.Accounts.Select(user => (User: user, World: tenant))).ToArray();
        (_probed, _probe) = (world.Tenants[0], new Browser(site, users.Length, users[0].User, _context));
        _users = [.. users.Select((at, number) => new UserPlay(
            new Browser(site, number, at.User, _context), UserScript.Of(seed, number, at.User, at.World, mix)))];
    }

    public int Users => _users.Length;

    /// <summary>Answers so far; may be read while it plays.</summary>
    public long Answers => _users.Sum(user => user.Browser.Measures.Answers);

    /// <summary>Answers so far that broke the promise; may be read while it plays.</summary>
    public long BrokenCount => Browsers.Sum(browser => browser.Measures.BrokenCount);

    private IEnumerable<Browser> Browsers => _users.Select(user => user.Browser).Append(_probe);

    /// <summary>
    /// Goes on with the script up to a moment of it, given as wall time from its beginning. A platform that cannot keep up is
    /// given three times as long; then the users stop where they are.
    /// </summary>
    /// <param name="from">Where the last play ended.</param>
    /// <param name="to">Where this one ends.</param>
    /// <param name="steps">How many steps each user plays instead, as another run did; null to go by time.</param>
    /// <param name="cancel">Ends the play.</param>
    /// <returns>How many steps each user played.</returns>
    public Task<int[]> PlayAsync(TimeSpan from, TimeSpan to, int[]? steps, CancellationToken cancel)
    {
        var start = _time.GetTimestamp();
        return Task.WhenAll(_users.Select((user, number) => user.PlayAsync(
            (step, played) => steps is null
                ? step.At / _mix.Speed <= to && _time.GetElapsedTime(start) <= 3 * (to - from)
                : played < steps[number],
            step => WaitAsync(step.At / _mix.Speed - from - _time.GetElapsedTime(start), cancel),
            cancel)));
    }

    /// <summary>Begins to measure anew; what was judged stays judged. Call it between two plays.</summary>
    public void ForgetMeasures()
    {
        foreach (var browser in Browsers) browser.Measures.Forget();
        _context.Delays.Forget();
        _context.Loads.Forget();
    }

    /// <summary>Measures what a miss takes, after the play; its answers are judged too, and not counted among the clients'.</summary>
    public Task<IReadOnlyList<Probe>> ProbeAsync(CancellationToken cancel) => MissProbe.RunAsync(_probe, _probed, cancel);

    /// <summary>How long after its acknowledgement each write was told to the other clients of its tenant; none without events.</summary>
    /// <param name="onOtherNode">Only those of clients that another node told than the one that wrote.</param>
    public Histogram EventDelays(bool onOtherNode = false) => _context.Delays.Measure(onOtherNode);

    /// <summary>Loads so far that brought what an earlier one of the same key had brought.</summary>
    public long LoadedAgain => _context.Loads.Again;

    /// <summary>What all clients got together.</summary>
    public Measures Measures()
    {
        var all = new Measures();
        foreach (var user in _users) all.Add(user.Browser.Measures);
        all.AddBroken(_probe.Measures);
        return all;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var user in _users) await user.DisposeAsync();
        await _probe.DisposeAsync();
    }

    private Task WaitAsync(TimeSpan early, CancellationToken cancel) =>
        early > TimeSpan.Zero ? Task.Delay(early, _time, cancel) : Task.CompletedTask;
}
