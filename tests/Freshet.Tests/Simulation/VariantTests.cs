using Freshet.Simulation;

namespace Freshet.Tests.Simulation;

/// <summary>It bites: whoever breaks a rule is caught.</summary>
public class VariantTests
{
    private const int StepLimit = 600_000;

    public static TheoryData<string> Names()
    {
        var data = new TheoryData<string>();
        foreach (var variant in Variants.All)
            data.Add(variant.Name);
        return data;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void BrokenRule_IsCaughtByItsSeed(string name)
    {
        var variant = Variants.Find(name)!;

        var broken = Assert.Throws<PromiseBrokenException>(() => Run(variant));

        // The message is all that is needed to see it again.
        Assert.StartsWith($"--seed {variant.Seed} --nodes {variant.Nodes} --profile {variant.Profile} breaks at step ", broken.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SameSeed_ReplaysExactly()
    {
        var variant = Variants.Find("C7_GapIsSkipped")!;
        var first = Assert.Throws<PromiseBrokenException>(() => Run(variant)).Message;

        Assert.Equal(first, Assert.Throws<PromiseBrokenException>(() => Run(variant)).Message);
        // The trace ends with the step that broke the promise.
        var step = first.Split("breaks at step ")[1].Split(':')[0];
        Assert.StartsWith($"{step} at ", first.Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void UnbrokenRules_AreNotCaughtWhereTheVariantsAre()
    {
        foreach (var variant in Variants.All.DistinctBy(v => (v.Profile, v.Nodes, v.Seed)))
            new Scheduler(SetupOf(variant), new Rules()).Run(20_000);
    }

    private static void Run(Variants.Variant variant) => new Scheduler(SetupOf(variant), variant.Make()).Run(StepLimit);

    private static Setup SetupOf(Variants.Variant variant) => new(variant.Seed, variant.Nodes, Profile.Find(variant.Profile)!);
}
