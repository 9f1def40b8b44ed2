using System.Text.Json;
using Traffic.Scripts;

namespace Traffic.Tests.Scripts;

public class UserScriptTests
{
    private static readonly Mix NoWatchers = new() { Watchers = 0 };

    [Fact]
    public void SameSeed_GivesTheSameSteps() => Assert.Equal(Text(Play(seed: 7, user: 3)), Text(Play(seed: 7, user: 3)));

    [Theory]
    [InlineData(8, 3)]
    [InlineData(7, 4)]
    public void OtherSeedOrUser_GivesOtherSteps(int seed, int user) =>
        Assert.NotEqual(Text(Play(seed: 7, user: 3)), Text(Play(seed, user)), StringComparer.Ordinal);

    [Fact]
    public void Steps_FollowEachOtherInTime()
    {
        var steps = Play(count: 2_000);
        Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.True(pair.First.At <= pair.Second.At, $"{pair.First} then {pair.Second}"));
    }

    [Fact]
    public void Script_SignsInFirstAndOpensTheDashboard()
    {
        var steps = Play(count: 2);
        Assert.Equal(StepKind.SignIn, steps[0].Kind);
        Assert.Contains(Api.Dashboard, steps[1].Calls);
    }

    [Fact]
    public void Page_IsFourToSixCalls() =>
        Assert.All(
            Play(count: 2_000).Where(step => step.Kind is StepKind.Page or StepKind.Focus),
            step => Assert.InRange(step.Calls.Count, 4, 6));

    [Fact]
    public void Editor_WritesAsOftenAsTheMixSays()
    {
        var steps = Play(count: 20_000);
        var pages = steps.Count(step => step.Kind == StepKind.Page);
        var writes = steps.Count(step => step.Kind == StepKind.Write);
        // On the dashboard, two pages in ten, there is nothing to write.
        var expected = pages * 0.8 * NoWatchers.WritesPerPage;
        Assert.InRange(writes, expected * 0.9, expected * 1.1);
    }

    [Fact]
    public void Viewer_NeverWrites() =>
        Assert.DoesNotContain(Play(of: Worlds.Viewer, count: 5_000), step => step.Write is not null);

    [Fact]
    public void EveryWriteOfTheScript_ComesUp()
    {
        var routes = Play(count: 50_000).Select(step => step.Write?.Route).OfType<string>().Distinct(StringComparer.Ordinal);
        Assert.Equal(
            (string[])
            [
                "PATCH /api/v1/assets/{id}", "PATCH /api/v1/field-mappings/{id}", "POST /api/v1/imports",
                "POST /api/v1/imports/{id}/field-mappings/bulk", "PUT /api/v1/engagements/{id}", "PUT /api/v1/users/{id}",
                "PUT /api/v1/users/{id}/role",
            ],
            routes.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public void AdminNeverChangesTheRoleOfAnAdmin() =>
        Assert.All(
            Play(count: 50_000).Select(step => step.Write).Where(write => write?.Route == "PUT /api/v1/users/{id}/role"),
            write => Assert.Equal($"/api/v1/users/{Worlds.Viewer.Id}/role", write!.Path));

    [Fact]
    public void Write_RefetchesItsPage() =>
        Assert.All(
            Play(count: 5_000).Where(step => step.Kind == StepKind.Write),
            step => Assert.NotEmpty(step.Calls));

    [Fact]
    public void Watcher_OnlyPollsTheDashboard()
    {
        var steps = Play(count: 100, mix: new Mix { Watchers = 1 });
        Assert.All(steps.Skip(2), step => Assert.Equal([Api.Dashboard], step.Calls));
        Assert.Equal(new Mix().Poll, steps[3].At - steps[2].At);
    }

    private static List<Step> Play(int seed = 1, int user = 0, Account? of = null, int count = 500, Mix? mix = null) =>
        [.. UserScript.Of(seed, user, of ?? Worlds.Admin, Worlds.Acme, mix ?? NoWatchers).Take(count)];

    private static string Text(List<Step> steps) => JsonSerializer.Serialize(steps);
}
