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
    public void AllSetups_MakeAMillionSteps() => Assert.True(Command.Setups(seed: 1).Count * StepsPerSetup >= 1_000_000);
}
