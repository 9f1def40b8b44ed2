using Freshet.History.Nodes;
using Freshet.History.Playing;
using Freshet.History.Scenarios;

namespace Freshet.History.Tests.Playing;

/// <summary>Nodes that are broken on purpose are found out, each by the rule that it breaks and by no other.</summary>
public sealed class PlantTests(Postgres postgres)
{
    [Theory]
    [InlineData("calm", nameof(Plant.ForgetSession), nameof(Plant.NoOwnTouch), nameof(Plant.NoOwnTouchOfLists), nameof(Plant.NeverHear))]
    [InlineData("calm", nameof(Plant.AcknowledgeBeforeLogged), nameof(Plant.AcknowledgeBeforeLogged))]
    [InlineData("stopped", nameof(Plant.ForgetPending), nameof(Plant.FailWithoutContact), nameof(Plant.ForgetTenant), nameof(Plant.None))]
    public async Task C4_C6_C9_C10_C14_BrokenOnPurpose_IsFoundOut(string name, params string[] planted)
    {
        var plants = planted.Select(Enum.Parse<Plant>).ToArray();
        var options = new PlayOptions
        {
            Reads = 0,
            IsBrief = true,
            Plants = plants,
            Nodes = plants.Length,
            Seed = 3,
            IsEnough = tally => plants.Index().All(p => Plants.KindsOf(p.Item).All(k => tally.Broken.ContainsKey((p.Index, k)))),
        };

        var result = await Play.RunAsync(Scenario.Find(name)!, options, postgres.Server);

        Assert.All(plants.Index(), planted =>
        {
            var kinds = result.Tally.Broken.Keys.Where(b => b.Node == planted.Index).Select(b => b.Kind).Order().ToArray();
            Assert.True(kinds.SequenceEqual(Plants.KindsOf(planted.Item)), $"{planted.Item} found as '{string.Join(", ", kinds)}':\n{string.Join('\n', result.Evidence)}");
        });
    }
}
