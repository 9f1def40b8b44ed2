using Race;

namespace Traffic.Tests.Race;

/// <summary>The three contenders in real HTTP; what the other two do is pinned, since the demo says so.</summary>
public class RaceTests
{
    [Fact]
    public Task OutputCacheWithLocking_StoresTheStaleValueAndHandsOutTheOldLoad() =>
        Expect(Contender.OutputCache, new Outcome(StoredStale: true, HandedOldLoad: true));

    [Fact]
    public Task MemoryCache_StoresTheStaleValue() =>
        Expect(Contender.MemoryCache, new Outcome(StoredStale: true, HandedOldLoad: false));

    private static async Task Expect(Contender contender, Outcome expected)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var track = await RaceTrack.OpenAsync(contender, cancel);
        for (var round = 0; round < 20; round++) Assert.Equal(expected, await track.RunAsync(cancel));
    }
}
