namespace Freshet.Client.Tests.Simulation;

/// <summary>E8, by the real client through seeded orderings of everything that may happen, against a model of the promise.</summary>
public class KeepingSimulationTests
{
    private const long Steps = 60_000;

    public static TheoryData<string> Broken => [.. Variants.All.Keys];

    [Fact]
    public void E8_SeededOrderings_NothingOlderIsShownThanWasKnown_AndEveryKindOfEventOccurs()
    {
        var counts = new long[Enum.GetValues<SimEvent>().Length];
        for (var seed = 1UL; seed <= 8; seed++)
        {
            var world = new SimWorld(seed, new Rules());
            world.Run(Steps);
            Assert.True(world.Broken is null, $"seed {seed}, {world.Broken}");
            counts = [.. counts.Zip(world.Counts, (a, b) => a + b)];
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', Enum.GetValues<SimEvent>().Select(e => $"{e} {counts[(int)e]}")));
        Assert.All(Enum.GetValues<SimEvent>(), e => Assert.True(counts[(int)e] > 0, $"{e} never occurred"));
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void BrokenOnPurpose_IsCaught(string variant)
    {
        var (seed, make) = Variants.All[variant];
        var world = new SimWorld(seed, make());
        world.Run(Steps);
        TestContext.Current.TestOutputHelper?.WriteLine($"{variant}: seed {seed}, {world.Broken}");
        Assert.True(world.Broken is not null, $"{variant} is not caught by seed {seed}; a change of the client may have moved it to another one");
    }

    [Fact]
    public void OneSeed_OneRun()
    {
        var (one, other) = (new SimWorld(3, new Rules()), new SimWorld(3, new Rules()));
        one.Run(Steps);
        other.Run(Steps);
        Assert.Equal(one.Counts, other.Counts);
    }
}
