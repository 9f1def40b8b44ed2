using Traffic.Checking;
using Traffic.Measuring;
using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>Plays the script of every user against one platform, each at its own pace, and joins what they measured.</summary>
internal sealed class Player : IDisposable
{
    private readonly Browser[] _browsers;
    private readonly IEnumerable<Step>[] _scripts;
    private readonly Browser _probe;
    private readonly TenantWorld _probed;
    private readonly Mix _mix;
    private readonly TimeProvider _time;

    public Player(Uri platform, Discovery world, Mix mix, int seed, TimeProvider time)
    {
        (_mix, _time) = (mix, time);
        var ledger = new Ledger();
        foreach (var (tenant, rows) in world.Rows) ledger.Start(tenant, rows);
        var checker = new Checker(ledger, world.Dashboards);
        var users = world.Tenants.SelectMany(tenant => tenant.Accounts.Select(user => (User: user, World: tenant))).ToArray();
        (_probed, _probe) = (world.Tenants[0], new Browser(platform, users.Length, users[0].User, ledger, checker, time));
        _browsers = [.. users.Select((at, number) => new Browser(platform, number, at.User, ledger, checker, time))];
        _scripts = [.. users.Select((at, number) => UserScript.Of(seed, number, at.User, at.World, mix))];
    }

    public int Users => _browsers.Length;

    /// <summary>Answers so far; may be read while it plays.</summary>
    public long Answers => _browsers.Sum(browser => browser.Measures.Answers);

    /// <summary>Answers so far that broke the promise; may be read while it plays.</summary>
    public long BrokenCount => _browsers.Append(_probe).Sum(browser => browser.Measures.BrokenCount);

    /// <summary>
    /// Plays the steps that fall into <paramref name="length"/> of wall time. A platform that cannot keep up is given as long
    /// again; then the rest of its script is left.
    /// </summary>
    /// <returns>How many steps each user played.</returns>
    public Task<int[]> PlayAsync(TimeSpan length, CancellationToken cancel)
    {
        var start = _time.GetTimestamp();
        return Task.WhenAll(_browsers.Zip(_scripts, (browser, script) => PlayUserAsync(
            browser, script, start, (step, _) => step.At / _mix.Speed <= length && _time.GetElapsedTime(start) <= 2 * length, cancel)));
    }

    /// <summary>Plays as many steps of each user as another run did.</summary>
    public Task<int[]> PlayAsync(int[] steps, CancellationToken cancel)
    {
        var start = _time.GetTimestamp();
        return Task.WhenAll(_browsers.Zip(_scripts, steps).Select(at => PlayUserAsync(
            at.First, at.Second, start, (_, played) => played < at.Third, cancel)));
    }

    /// <summary>Measures what a miss takes, after the play; its answers are judged too, and not counted among the clients'.</summary>
    public Task<IReadOnlyList<Probe>> ProbeAsync(CancellationToken cancel) => MissProbe.RunAsync(_probe, _probed, cancel);

    /// <summary>What all clients got together.</summary>
    public Measures Measures()
    {
        var all = new Measures();
        foreach (var browser in _browsers) all.Add(browser.Measures);
        all.AddBroken(_probe.Measures);
        return all;
    }

    public void Dispose()
    {
        foreach (var browser in _browsers.Append(_probe)) browser.Dispose();
    }

    private async Task<int> PlayUserAsync(
        Browser browser, IEnumerable<Step> script, long start, Func<Step, int, bool> goesOn, CancellationToken cancel)
    {
        var played = 0;
        foreach (var step in script)
        {
            if (!goesOn(step, played)) break;
            var early = step.At / _mix.Speed - _time.GetElapsedTime(start);
            if (early > TimeSpan.Zero) await Task.Delay(early, _time, cancel);
            await browser.PlayAsync(step, cancel);
            played++;
        }

        return played;
    }
}
