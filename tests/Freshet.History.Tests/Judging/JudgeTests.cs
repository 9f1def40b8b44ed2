using Freshet.History.Judging;

namespace Freshet.History.Tests.Judging;

/// <summary>The judge on made-up histories: each rule broken once, and kept as narrowly as it can be.</summary>
public sealed class JudgeTests
{
    private const int MaxStaleness = 100;
    private const int Row = 5;
    private const int SharedRow = World.Shared * World.RowsPerTenant;

    private readonly Judge _judge = new(nodes: 3, clients: 2, MaxStaleness);

    [Fact]
    public void C10_OlderThanWhatTheClientSawAcknowledgedElsewhere_IsBroken()
    {
        Write(node: 0, client: 0, version: 2, end: 10);
        Assert.Null(Read(node: 1, client: 1, version: 1, begin: 10));
        Assert.Null(Read(node: 1, client: 0, version: 2, begin: 10));
        Assert.Equal(new(BrokenKind.OwnWrite, Row, 1, 2), Read(node: 1, client: 0, version: 1, begin: 10));
    }

    [Fact]
    public void C10_ReadThatBeganBeforeTheAcknowledgement_MayShowWhatWas()
    {
        Write(node: 0, client: 0, version: 2, end: 10);
        Assert.Null(Read(node: 1, client: 0, version: 1, begin: 9));
    }

    [Fact]
    public void C10_PendingWrite_IsPromisedToItsClientOnItsNodeOnly()
    {
        Write(node: 0, client: 0, version: 2, end: 10, isPending: true);
        Assert.Null(Read(node: 1, client: 0, version: 1, begin: 1000));
        Assert.Equal(new(BrokenKind.PendingWrite, Row, 1, 2), Read(node: 0, client: 0, version: 1, begin: 10));
    }

    [Fact]
    public void C9_OlderThanWhatTheNodeAcknowledgedToAnother_IsBroken()
    {
        Write(node: 0, client: 0, version: 2, end: 10);
        Assert.Null(Read(node: 0, version: 1, begin: 9));
        Assert.Equal(new(BrokenKind.WriteOfTheNode, Row, 1, 2), Read(node: 0, version: 1, begin: 10));
    }

    [Fact]
    public void C14_OlderThanWhatTheNodeReportedPending_IsBrokenInThatLife()
    {
        Write(node: 0, version: 2, end: 10, isPending: true);
        Assert.Equal(BrokenKind.PendingWrite, Read(node: 0, version: 1, begin: 10)!.Value.Kind);
        _judge.Restarted(0);
        Assert.Null(Read(node: 0, version: 1, begin: 1000));
    }

    [Fact]
    public void C14_PendingWrite_IsPromisedToAllOnceItsNodeAnswersFromMemory()
    {
        Write(node: 0, version: 2, end: 10, isPending: true);
        Assert.Null(Read(node: 1, version: 1, begin: 1000));
        Read(node: 0, version: 2, begin: 11, end: 20, isHit: true);
        Assert.Null(Read(node: 1, version: 1, begin: 119));
        Assert.Equal(new(BrokenKind.Stale, Row, 1, 2), Read(node: 1, version: 1, begin: 120));
    }

    [Fact]
    public void C14_PendingWriteOfAFormerLife_IsPromisedToNobody()
    {
        Write(node: 0, version: 2, end: 10, isPending: true);
        _judge.Restarted(0);
        Read(node: 0, version: 1, begin: 11, end: 20, isHit: true);
        Assert.Null(Read(node: 1, version: 1, begin: 1000));
    }

    [Fact]
    public void C14_HitThatBeganBeforeOrOfAnotherLog_SaysNothingOfAPendingWrite()
    {
        Write(node: 0, version: 2, end: 10, isPending: true);
        Read(node: 0, version: 2, begin: 10, end: 20, isHit: true);
        Read(node: 0, version: 1, begin: 30, end: 31, isHit: true, row: SharedRow);
        Assert.Null(Read(node: 1, version: 1, begin: 1000));
    }

    [Fact]
    public void C6_OlderThanWhatWasAcknowledgedMaxStalenessBefore_IsBroken()
    {
        Write(node: 0, version: 2, end: 10);
        Assert.Null(Read(node: 1, version: 1, begin: 109));
        Assert.Equal(new(BrokenKind.Stale, Row, 1, 2), Read(node: 1, version: 1, begin: 110));
    }

    [Fact]
    public void C6_OneOldRowOfAList_BreaksIt()
    {
        Write(node: 0, version: 2, end: 10);
        var versions = Enumerable.Repeat(1L, World.RowsPerGroup).ToArray();
        var broken = _judge.Take(Call(OperationKind.List, node: 1, begin: 110, end: 111) with { First = 0, Versions = versions });
        Assert.Equal((BrokenKind.Stale, Row), (broken!.Kind, broken.Row));
        versions[Row] = 2;
        Assert.Null(_judge.Take(Call(OperationKind.List, node: 1, begin: 110, end: 111) with { First = 0, Versions = versions }));
    }

    [Fact]
    public void C6_LaterVersions_CountFromTheirOwnTime()
    {
        Write(node: 0, version: 2, end: 10);
        Write(node: 0, version: 3, end: 50);
        Assert.Null(Read(node: 1, version: 2, begin: 149));
        Assert.Equal(new(BrokenKind.Stale, Row, 2, 3), Read(node: 1, version: 2, begin: 150));
    }

    [Fact]
    public void WritesThatAreAcknowledgedOutOfOrder_TheHighestCounts()
    {
        Write(node: 0, version: 3, end: 10);
        Write(node: 0, version: 2, end: 20);
        Assert.Equal(new(BrokenKind.WriteOfTheNode, Row, 2, 3), Read(node: 0, version: 2, begin: 20));
    }

    [Fact]
    public void IsolatedNode_MayBeStaleUntilMaxStalenessAfterItsEnd()
    {
        _judge.Isolate(1, from: 0);
        Write(node: 0, version: 2, end: 10);
        Assert.Null(Read(node: 1, version: 1, begin: 500));
        _judge.EndIsolation(1, at: 600);
        Assert.Null(Read(node: 1, version: 1, begin: 700));
        Assert.Equal(BrokenKind.Stale, Read(node: 1, version: 1, begin: 701)!.Value.Kind);
        Assert.Equal(BrokenKind.Stale, Read(node: 2, version: 1, begin: 500)!.Value.Kind);
        Assert.Equal(2, _judge.Tally.Excused);
    }

    [Fact]
    public void IsolatedNode_StillOwesItsOwnWritesAndThoseOfItsClients()
    {
        _judge.Isolate(1, from: 0);
        Write(node: 1, version: 2, end: 10);
        Write(node: 0, client: 0, version: 3, end: 20);
        Assert.Equal(new(BrokenKind.PendingWrite, Row, 1, 2), Read(node: 1, version: 1, begin: 20));
        Assert.Equal(new(BrokenKind.OwnWrite, Row, 2, 3), Read(node: 1, client: 0, version: 2, begin: 20));
    }

    [Fact]
    public void WriteOfAnIsolatedNode_IsPromisedToOthersOnceItHasReachedThem()
    {
        _judge.Isolate(1, from: 0);
        Write(node: 1, client: 0, version: 2, end: 10);
        Assert.Equal(BrokenKind.OwnWrite, Read(node: 0, client: 0, version: 1, begin: 10)!.Value.Kind);
        Assert.Null(Read(node: 0, version: 1, begin: 1000));
        _judge.EndIsolation(1, at: 1000);
        Read(node: 1, version: 2, begin: 1100, end: 1101, isHit: true);
        Assert.Null(Read(node: 0, version: 1, begin: 1300));
        Read(node: 1, version: 2, begin: 1301, end: 1310, isHit: true);
        Assert.Equal(new(BrokenKind.Stale, Row, 1, 2), Read(node: 0, version: 1, begin: 1410));
    }

    [Fact]
    public void RowThatIsNotShown_IsBroken() => Assert.Equal(new(BrokenKind.Missing, Row, 0, 0), Read(node: 0, version: 0, begin: 1));

    [Fact]
    public void ContentOfAnotherTenant_IsBroken() =>
        Assert.Equal(BrokenKind.Foreign, _judge.Take(Call(OperationKind.Item, 0, 1, 2) with { Versions = [1], Foreign = "row 5 of tenant 1" })!.Kind);

    [Fact]
    public void NoAnswer_IsBroken() => Assert.Equal(BrokenKind.NoAnswer, _judge.Take(Call(OperationKind.Item, 0, 1, 2) with { Failure = "status 500" })!.Kind);

    [Fact]
    public void Tally_CountsRows()
    {
        Write(node: 0, version: 2, end: 10, isPending: true);
        Read(node: 0, version: 2, begin: 11);
        Read(node: 0, version: 1, begin: 11);
        Assert.Equal((2, 1, 1, 1), (_judge.Tally.Reads, _judge.Tally.Writes, _judge.Tally.Pending, _judge.Tally.BrokenInAll));
    }

    private void Write(int node, int version, long end, int client = -1, bool isPending = false) => Assert.Null(_judge.Take(
        Call(OperationKind.Write, node, end - 1, end) with { Client = client, Versions = [version], IsPending = isPending }));

    private (BrokenKind Kind, int Row, long Shown, long Required)? Read(
        int node, int version, long begin, int client = -1, long? end = null, bool isHit = false, int row = Row)
    {
        var broken = _judge.Take(Call(OperationKind.Item, node, begin, end ?? begin + 1) with { First = row, Client = client, Versions = [version], IsHit = isHit });
        return broken is null ? null : (broken.Kind, broken.Row, broken.Shown, broken.Required);
    }

    private static Operation Call(OperationKind kind, int node, long begin, long end) => new()
    {
        Kind = kind,
        Node = node,
        Tenant = 0,
        First = Row,
        Begin = begin,
        End = end,
    };
}
