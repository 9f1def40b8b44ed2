using Race;
using Spectre.Console;

namespace Traffic.Tests.Race;

/// <summary>The three contenders in real HTTP; what the other two do is pinned, since the demo says so.</summary>
public class RaceTests
{
    [Fact]
    public Task OutputCacheWithLocking_StoresTheStaleValueAndHandsOutTheOldLoad() =>
        Expect(Contender.OutputCache, new Outcome(StoredStale: true, HandedOldLoad: true, Caches: true));

    [Fact]
    public Task MemoryCache_StoresTheStaleValue() =>
        Expect(Contender.MemoryCache, new Outcome(StoredStale: true, HandedOldLoad: false, Caches: true));

    [Fact]
    public Task Freshet_DoesNeither() => Expect(Contender.Freshet, new Outcome(StoredStale: false, HandedOldLoad: false, Caches: true));

    private static async Task Expect(Contender contender, Outcome expected)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var track = await RaceTrack.OpenAsync(contender, cancel);
        for (var round = 0; round < 20; round++) Assert.Equal(expected, await track.RunAsync(cancel));
    }

    [Fact]
    public async Task RaceDemo_ShowsAllAndSucceedsByFreshet()
    {
        await using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        Assert.Equal(0, await RaceDemo.RunAsync(console, TestContext.Current.CancellationToken));
        foreach (var contender in Contender.All)
            Assert.Contains(contender.Name.Split(',')[0], output.ToString(), StringComparison.Ordinal);
    }
}
