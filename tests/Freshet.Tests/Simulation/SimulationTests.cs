using Freshet.Simulation;

namespace Freshet.Tests.Simulation;

/// <summary>The real protocol through seeded orderings of everything that may happen, against a model of the promise.</summary>
public class SimulationTests
{
    /// <summary>Together above 10⁶ steps.</summary>
    private const int StepsPerSetup = 60_000;

    public static TheoryData<string> Setups()
    {
        var data = new TheoryData<string>();
        foreach (var setup in Command.Setups(seed: 1))
            data.Add(setup.ToString());
        return data;
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public void SeededOrderings_ThePromiseHolds(string name)
    {
        var setup = Command.Setups(seed: 1).Single(s => s.ToString() == name);
        var scheduler = new Scheduler(setup, new Rules());

        scheduler.Run(StepsPerSetup);

        Assert.True(scheduler.Promise.Judged > StepsPerSetup / 100, $"only {scheduler.Promise.Judged} answers were judged");
    }

    [Fact]
    public void EveryKindOfEvent_Occurs()
    {
        var coverage = new Coverage();
        foreach (var setup in Command.Setups(seed: 301))
        {
            var scheduler = new Scheduler(setup, new Rules());
            scheduler.Run(StepsPerSetup);
            coverage.Add(scheduler.Coverage);
        }

        Assert.All(Enum.GetValues<Event>(), e => Assert.True(coverage[e] > 0, $"{e} never occurred"));
    }

    [Theory]
    [InlineData(new[] { "--steps", "1000", "--nodes", "2" }, 0, "the promise held")]
    [InlineData(new[] { "--variant", "C9_AcknowledgesBeforeItIsLogged" }, 1, "breaks at step")]
    [InlineData(new[] { "--variant", "list" }, 0, "C13_EpochsAreNamedAlike")]
    [InlineData(new[] { "--nodes", "5" }, 2, "--nodes 5")]
    [InlineData(new[] { "--steps" }, 2, "is not an option")]
    [InlineData(new[] { "--profile", "sunny" }, 2, "calm, lossy")]
    public void Command_SaysWhatHappened(string[] args, int exitCode, string text)
    {
        using var output = new StringWriter();

        Assert.Equal(exitCode, Command.Run(args, output, output));
        Assert.Contains(text, output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AllSetups_MakeAMillionSteps() => Assert.True(Command.Setups(seed: 1).Count * StepsPerSetup >= 1_000_000);
}
