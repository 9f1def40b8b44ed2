using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>
/// Several nodes: a client's own writes show on each at once, others' writes on the node that wrote, and MaxStaleness later everywhere.
/// </summary>
public sealed class NodeTests
{
    private const int Own = 1;
    private const int Other = 2;
    private readonly Ledger _ledger = new();
    private readonly Checker _checker;

    public NodeTests() => _checker = new Checker(_ledger, new Dictionary<string, long>(StringComparer.Ordinal) { ["acme"] = 100 });

    [Theory]
    [InlineData(Own, 0, BrokenKind.OwnWriteLost)]
    [InlineData(Own, 1, BrokenKind.OwnWriteLost)]
    [InlineData(Other, 0, BrokenKind.AcknowledgedWriteLost)]
    [InlineData(Other, 1, null)]
    public void WriteOnNode0_OfJustNow_MustShowToItsClientAndOnItsNode(int writer, int answeredBy, object? broken)
    {
        Write(writer, node: 0);
        Assert.Equal(broken, Judge(version: 1, answeredBy, others: 0)?.Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void WriteOfAnother_MaxStalenessAgo_MustShowOnEveryNode(int answeredBy)
    {
        Write(Other, node: 0);
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(version: 1, answeredBy, others: _ledger.Begin())?.Kind);
    }

    [Theory]
    [InlineData(Own, 0, true)]
    [InlineData(Own, 1, false)]
    [InlineData(Other, 1, false)]
    public void PendingWrite_MustShowOnItsNodeOnly_HoweverLongAgo(int writer, int answeredBy, bool mustShow)
    {
        Write(writer, node: 0, isPending: true);
        Assert.Equal(mustShow, Judge(version: 1, answeredBy, others: _ledger.Begin()) is not null);
    }

    [Theory]
    [InlineData(Own, 1, 102)]
    [InlineData(Other, 0, 102)]
    [InlineData(Other, 1, 100)]
    public void Dashboard_GrowsByWhatMustShow(int writer, int answeredBy, long least)
    {
        _ledger.Start("acme", [Row(1)]);
        Write(writer, node: 0, version: 3);
        Assert.Null(JudgeDashboard(least, answeredBy));
        Assert.NotNull(JudgeDashboard(least - 1, answeredBy));
    }

    [Theory]
    [InlineData(Own, 1, true)]
    [InlineData(Other, 0, true)]
    [InlineData(Other, 1, false)]
    public void CreatedRow_MustBeListed(int writer, int answeredBy, bool mustShow)
    {
        var shown = new Content("acme", 1, [new RowVersion(RowType.Engagement, "e-9", 1, "acme")]);
        _ledger.Acknowledge(writer, "acme", shown, node: 0);
        var answer = new Answer(Own, Worlds.Admin, Api.Engagements, _ledger.Begin(), 200, new Content("acme", 1, [])) { OthersBegin = 0, Node = answeredBy };
        Assert.Equal(mustShow, _checker.Judge(answer)?.Kind == BrokenKind.RowMissing);
    }

    private static RowVersion Row(long version) => new(RowType.Asset, "a-1", version, "acme");

    private void Write(int client, int node, long version = 2, bool isPending = false) =>
        _ledger.Acknowledge(client, "acme", new Content("acme", version, [Row(version)]), node: node, isPending: isPending);

    private Broken? Judge(long version, int node, long others) => _checker.Judge(
        new Answer(Own, Worlds.Admin, Api.Asset("a-1"), _ledger.Begin(), 200, new Content("acme", version, [Row(version)]))
        {
            OthersBegin = others,
            Node = node,
        });

    // Counts no rows: what the ledger knows of rows is not what this asks about.
    private Broken? JudgeDashboard(long version, int node)
    {
        var broken = _checker.Judge(
            new Answer(Own, Worlds.Admin, Api.Dashboard, _ledger.Begin(), 200, new Content("acme", version, [])) { OthersBegin = 0, Node = node });
        return broken?.Kind == BrokenKind.RowMissing ? null : broken;
    }
}
