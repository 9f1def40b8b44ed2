using Freshet.History.Playing;
using Freshet.History.Scenarios;

namespace Freshet.History.Tests.Playing;

/// <summary>The promise on real nodes, real servers and real faults: the short form of the checker.</summary>
public sealed class FaultTests(Postgres postgres)
{
    [Theory]
    [InlineData("restart-twice")]
    [InlineData("restart-snapshot")]
    [InlineData("lost-tail-seen-by-writer")]
    [InlineData("isolated")]
    [InlineData("frozen-reply")]
    [InlineData("drops-in-reply")]
    [InlineData("cluster-migration")]
    [InlineData("node-killed")]
    public async Task PromiseUnderFaults_Holds(string name)
    {
        var scenario = Scenario.Find(name)!;
        var options = new PlayOptions { Reads = 0, IsBrief = true, Seed = 7 };

        var result = await Play.RunAsync(scenario, options, postgres.Server);

        Assert.True(result.Tally.BrokenInAll == 0, string.Join('\n', result.Evidence));
        Assert.Null(result.Unfelt);
        Assert.True(result.Tally.Reads > 1000 && result.Tally.Loads < result.Tally.Reads, $"{result.Tally.Reads} reads, {result.Tally.Loads} loads");
    }
}
