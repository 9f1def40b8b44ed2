namespace Traffic.Scripts;

/// <summary>
/// The script of one simulated user: pure, lazy and endless. The same seed, user, world and mix give the same steps,
/// whatever the platform answers, so that both runs play the same.
/// </summary>
internal static class UserScript
{
    public static IEnumerable<Step> Of(int seed, int number, Account user, TenantWorld world, Mix mix)
    {
        var dice = Dice.For(seed, number);
        var pages = new Pages(user, world, mix, dice);
        // Nobody starts at the same moment.
        var now = dice.Wait(mix.Think);
        yield return new Step(now, StepKind.SignIn, "sign in", Write: null, []);
        yield return Open(now, StepKind.Page, pages.Dashboard());
        var steps = dice.Chance(mix.Watchers) ? Watch(now, pages, mix) : Work(now, user, pages, dice, mix);
        foreach (var step in steps) yield return step;
    }

    /// <summary>The dashboard stays open, and polls.</summary>
    private static IEnumerable<Step> Watch(TimeSpan now, Pages pages, Mix mix)
    {
        var poll = pages.Dashboard();
        while (true)
        {
            now += mix.Poll;
            yield return new Step(now, StepKind.Poll, poll.Name, Write: null, [Api.Dashboard]);
        }
    }

    /// <summary>Moves from page to page; turns to another window now and then, and refetches the page on coming back.</summary>
    private static IEnumerable<Step> Work(TimeSpan now, Account user, Pages pages, Dice dice, Mix mix)
    {
        var page = pages.Dashboard();
        var leaves = now + dice.Wait(mix.Attention);
        while (true)
        {
            var next = now + dice.Wait(mix.Think);
            if (next >= leaves)
            {
                now = (leaves > now ? leaves : now) + dice.Wait(mix.Attention);
                leaves = now + dice.Wait(mix.Attention);
                yield return Open(now, StepKind.Focus, page);
                continue;
            }

            // A query with a refetch interval asks again while its page stays open.
            if (page.Name == "dashboard")
            {
                for (var poll = now + mix.Poll; poll < next; poll += mix.Poll)
                    yield return new Step(poll, StepKind.Poll, page.Name, Write: null, [Api.Dashboard]);
            }

            now = next;
            page = pages.Any(dice);
            yield return Open(now, StepKind.Page, page);
            if (user.MayWrite && page.Write is { } write && dice.Chance(mix.WritesPerPage))
            {
                now += dice.Wait(mix.Think);
                // The front end refetches what it shows once the write is acknowledged.
                yield return new Step(now, StepKind.Write, page.Name, write(dice), page.Calls);
            }
        }
    }

    private static Step Open(TimeSpan at, StepKind kind, Page page) => new(at, kind, page.Name, Write: null, page.Calls);
}
