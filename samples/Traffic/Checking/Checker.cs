using Traffic.Scripts;

namespace Traffic.Checking;

/// <summary>
/// Judges every answer by the promise: it is never older than a write acknowledged before its request began, to this client or on
/// the node that answers, nor than any that was acknowledged MaxStaleness before. No I/O and no clock: it knows what the
/// <paramref name="ledger"/> knows.
/// </summary>
/// <param name="ledger">Filled by <see cref="Acknowledge"/>.</param>
/// <param name="dashboards">The version of each tenant's dashboard before the first write.</param>
internal sealed class Checker(Ledger ledger, IReadOnlyDictionary<string, long> dashboards)
{
    /// <summary>The types whose changes the dashboard's version counts.</summary>
    public static readonly RowType[] OnDashboard = [RowType.Engagement, RowType.Import, RowType.Mapping, RowType.Asset];

    /// <summary>Takes the answer to a write into account; call it as soon as the answer has arrived.</summary>
    public Broken? Acknowledge(Answer answer)
    {
        // Two wrote the same row at once and this one was refused: nothing happened, and nothing is promised.
        if (answer.Status == 409) return null;
        if (answer.Status is < 200 or > 299 || answer.Shown is not { } shown) return Failed(answer);
        if ((WrongTenant(answer, shown) ?? WrongList(answer, shown)) is { } broken) return broken;
        ledger.Acknowledge(answer.Client, answer.User.Tenant, shown, answer.Call.Columns, answer.Node, answer.IsPending);
        return null;
    }

    /// <summary>Judges the answer to a read; null when it keeps the promise. A 304 is judged as the body that the client held.</summary>
    public Broken? Judge(Answer answer)
    {
        if (answer.Status == 304 && answer.Shown is null) return Break(answer, BrokenKind.NothingHeld, "304 to a client that holds no body");
        if (answer.Status is not (200 or 304) || answer.Shown is not { } shown) return Failed(answer);
        return WrongTenant(answer, shown)
            ?? WrongRow(answer, shown)
            ?? WrongList(answer, shown)
            ?? StaleRow(answer, shown)
            ?? StaleDashboard(answer, shown)
            ?? UncountedRow(answer, shown)
            ?? MissingRow(answer, shown)
            ?? WrongRole(answer, shown);
    }

    private static Broken Failed(Answer answer) => Break(answer, BrokenKind.Failed, $"status {answer.Status} {answer.Error}");

    /// <summary>Every body and every row in it says whose it is; reference data is nobody's.</summary>
    private static Broken? WrongTenant(Answer answer, Content shown)
    {
        var asker = answer.Call.Shows == Shows.Reference ? null : answer.User.Tenant;
        if (shown.Tenant != asker) return Wrong(shown.Tenant, "content");
        foreach (var row in shown.Rows)
        {
            // The body of one row is that row.
            if (answer.Call.Shows == Shows.List && row.Tenant != asker) return Wrong(row.Tenant, $"{row.Type} {row.Id}");
        }

        return null;

        Broken Wrong(string? tenant, string what) =>
            Break(answer, BrokenKind.WrongTenant, $"{what} of {tenant ?? "no tenant"} for {answer.User.Login}");
    }

    private static Broken? WrongRow(Answer answer, Content shown)
    {
        if (answer.Call.Shows is not (Shows.Row or Shows.Context)) return null;
        // Ids that differ only in case are different rows: ordinal.
        var asked = answer.Call.Shows == Shows.Context ? answer.User.Id : answer.Call.Path[(answer.Call.Path.LastIndexOf('/') + 1)..];
        return shown.Rows[0].Id == asked ? null : Break(answer, BrokenKind.WrongRow, $"row {shown.Rows[0].Id} where {asked} was asked for");
    }

    private static Broken? WrongList(Answer answer, Content shown)
    {
        if (answer.Call.Listed is not { } asked) return null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in shown.Rows)
        {
            if (row.ParentId(asked.Parent) is var parent && asked.Parent != RowType.None && parent != asked.ParentId)
                return Wrong($"{row.Type} {row.Id} of {asked.Parent} {parent ?? "(none)"} where {asked.ParentId} was asked for");
            if (!seen.Add(row.Id)) return Wrong($"{row.Type} {row.Id} stands in it twice");
        }

        if (asked.Page is not { } page) return null;
        if (shown.Page != page.Number || shown.PageSize != page.Size)
            return Wrong($"page {shown.Page} of {shown.PageSize} rows where page {page.Number} of {page.Size} was asked for");
        // The platform counts before it reads the page, and no row is ever deleted: there may be more by then, never less.
        var least = Math.Clamp((shown.Total ?? 0) - ((page.Number - 1L) * page.Size), 0, page.Size);
        if (shown.Rows.Count < least || shown.Rows.Count > page.Size)
            return Wrong($"{shown.Rows.Count} rows on page {page.Number} of {shown.Total} rows, {page.Size} a page");
        return shown.IsSorted ? null : Wrong("not sorted by name");

        Broken Wrong(string reason) => Break(answer, BrokenKind.WrongList, reason);
    }

    private Broken? StaleRow(Answer answer, Content shown)
    {
        foreach (var row in shown.Rows)
        {
            var resource = new Resource(answer.User.Tenant, row.Type, row.Id);
            var (floor, own) = ledger.FloorOf(resource, answer.Sight);
            if (row.Version >= floor) continue;
            var kind = row.Version < own ? BrokenKind.OwnWriteLost : BrokenKind.AcknowledgedWriteLost;
            return Break(answer, kind, $"{resource} at version {row.Version}, acknowledged was {floor}");
        }

        return null;
    }

    private Broken? StaleDashboard(Answer answer, Content shown)
    {
        if (answer.Call.Shows != Shows.Dashboard) return null;
        var floor = dashboards[answer.User.Tenant] + ledger.ChangesOf(answer.User.Tenant, OnDashboard, answer.Sight);
        return shown.Version >= floor
            ? null
            : Break(answer, BrokenKind.AcknowledgedWriteLost, $"dashboard at version {shown.Version}, acknowledged was {floor}");
    }

    private Broken? UncountedRow(Answer answer, Content shown)
    {
        if (answer.Call.Shows != Shows.Dashboard) return null;
        foreach (var type in OnDashboard)
        {
            var least = ledger.CountOf(new Family(answer.User.Tenant, type), answer.Sight);
            var counted = shown.Counts.GetValueOrDefault(type);
            if (counted < least) return Break(answer, BrokenKind.RowMissing, $"the dashboard counts {counted} of type {type}, acknowledged were {least}");
        }

        return null;
    }

    private Broken? MissingRow(Answer answer, Content shown)
    {
        if (answer.Call.Listed is not { } asked) return null;
        var family = new Family(answer.User.Tenant, answer.Call.Type, asked.Parent, asked.ParentId);
        var least = ledger.CountOf(family, answer.Sight);
        var listed = asked.Page is null ? shown.Rows.Count : shown.Total ?? 0;
        if (listed < least) return Break(answer, BrokenKind.RowMissing, $"{listed} rows, acknowledged were {least} {family}");

        // Only the first page, when it is not full, is the whole list.
        if (asked.Page is { } page && (page.Number > 1 || shown.Rows.Count == page.Size)) return null;
        var there = shown.Rows.Select(row => row.Id).ToHashSet(StringComparer.Ordinal);
        var missing = ledger.Known(family, answer.Sight).FirstOrDefault(row => !there.Contains(row.Id));
        return missing == default ? null : Break(answer, BrokenKind.RowMissing, $"{missing} is not in the list");
    }

    private Broken? WrongRole(Answer answer, Content shown)
    {
        if (answer.Call.Shows != Shows.Context) return null;
        var role = ledger.RoleAt(new Resource(answer.User.Tenant, RowType.User, answer.User.Id), shown.Rows[0].Version);
        return role is null || role == shown.Role
            ? null
            : Break(answer, BrokenKind.WrongRole, $"role {shown.Role} at the version that made it {role}");
    }

    private static Broken Break(Answer answer, BrokenKind kind, string reason) => new(kind, answer.Call.Route, answer.Call.Path, reason);
}
