namespace Traffic.Scripts;

/// <summary>A page of the platform's front end: the calls that open it, and the write that can be made on it.</summary>
internal sealed record Page(string Name, IReadOnlyList<Call> Calls, Func<Dice, Call>? Write);

/// <summary>
/// The pages that one user can open. A user works on the engagement of the team and looks at others now and then, at the busy
/// ones most of all.
/// </summary>
internal sealed class Pages(Account user, TenantWorld world, Mix mix, Dice chosen)
{
    private static readonly string[] Statuses = ["approved", "rejected", "pending"];
    private static readonly string[] Phases = ["planned", "active", "onHold", "done"];
    private static readonly string[] Roles = ["editor", "viewer"];
    private readonly EngagementWorld _own = world.Engagements[TeamOf(user, world, mix) % world.Engagements.Count];
    private readonly Call _countries = Api.Countries(chosen.Chance(0.75) ? "en" : "sk");

    public Page Dashboard() =>
        new("dashboard", [Api.Context, Api.Dashboard, Api.Engagements, Api.Imports, _countries], Write: null);

    /// <summary>Weights of the pages: a user looks at lists and details about equally often, and at people rarely.</summary>
    public Page Any(Dice dice) => dice.Below(10) switch
    {
        0 or 1 => Dashboard(),
        2 or 3 => Engagement(PickEngagement(dice)),
        4 or 5 => Import(PickImport(dice)),
        6 or 7 => Assets(PickEngagement(dice), 1 + dice.Below(2)),
        8 => Asset(PickEngagement(dice), dice),
        _ => People(PickColleague(dice)),
    };

    private static int TeamOf(Account user, TenantWorld world, Mix mix) =>
        Math.Max(0, world.Accounts.ToList().IndexOf(user)) / mix.TeamSize;

    private Account PickColleague(Dice dice) =>
        dice.Chance(mix.LooksElsewhere)
            ? dice.Pick(world.Accounts)
            : dice.Pick(world.Accounts.Chunk(mix.TeamSize).ElementAt(TeamOf(user, world, mix)));

    /// <summary>One that is on the screen before anybody scrolls.</summary>
    private string PickAsset(EngagementWorld engagement, Dice dice) =>
        dice.PickPopular(engagement.Assets.Take(mix.RowsOnScreen).ToList());

    private EngagementWorld PickEngagement(Dice dice) =>
        dice.Chance(mix.LooksElsewhere) ? dice.PickPopular(world.Engagements) : _own;

    private ImportWorld PickImport(Dice dice)
    {
        var engagement = PickEngagement(dice);
        List<ImportWorld> imports = [.. world.Imports.Where(import => import.EngagementId == engagement.Id)];
        return imports.Count > 0 ? dice.PickPopular(imports) : dice.PickPopular(world.Imports);
    }

    private Page Engagement(EngagementWorld it) =>
        new(
            "engagement",
            [Api.Context, Api.Engagement(it.Id), Api.Imports, Api.Assets(it.Id, 1, mix.PageSize), _countries],
            dice => Api.RenameEngagement(it.Id, $"Engagement {it.Id}, {dice.Below(1000)}", dice.Pick(Phases)));

    private Page Import(ImportWorld it) =>
        new(
            "import",
            [Api.Context, Api.Import(it.Id), Api.Mappings(it.Id), Api.Engagement(it.EngagementId)],
            dice => WriteMappings(it, dice));

    private static Call WriteMappings(ImportWorld import, Dice dice) =>
        dice.Chance(0.25)
            ? Api.Approve(import.Id, [.. import.Mappings.Skip(dice.Below(import.Mappings.Count)).Take(5)])
            : Api.PatchMapping(dice.Pick(import.Mappings), dice.Pick(Statuses));

    private Page Assets(EngagementWorld it, int page) =>
        new(
            "assets",
            [Api.Context, Api.Engagement(it.Id), Api.Assets(it.Id, page, mix.PageSize), _countries],
            dice => dice.Chance(0.1) ? Csv(it, dice) : Api.PatchAsset(PickAsset(it, dice), $"Asset {dice.Below(1000)}"));

    private static Call Csv(EngagementWorld engagement, Dice dice) =>
        Api.ImportCsv(
            engagement.Id,
            "name,type,bytes\n" + string.Concat(
                Enumerable.Range(1, 20).Select(row => $"Imported {dice.Below(1000)}-{row},server,{dice.Below(10_000)}\n")));

    private Page Asset(EngagementWorld it, Dice dice)
    {
        var asset = PickAsset(it, dice);
        return new(
            "asset",
            [Api.Context, Api.Asset(asset), Api.Engagement(it.Id), Api.Assets(it.Id, 1, mix.PageSize)],
            then => Api.PatchAsset(asset, $"Asset {then.Below(1000)}"));
    }

    private Page People(Account of) =>
        new(
            "people",
            [Api.Context, Api.User(of.Id), Api.User(user.Id), Api.Engagements],
            // An admin changes the roles of those who only read: the script stays playable whatever the role is by then.
            dice => user.IsAdmin && of.Role == "viewer"
                ? Api.ChangeRole(of.Id, dice.Pick(Roles))
                : Api.ChangePhone(user, $"+421 900 {dice.Below(900) + 100} {dice.Below(900) + 100}"));
}
