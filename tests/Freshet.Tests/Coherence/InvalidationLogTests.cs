using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

public class InvalidationLogTests
{
    private static readonly Epoch First = new(1);
    private static readonly Tag[] Tags = [Tag.Of("row", "1")];

    private readonly InvalidationLog _log = new(First, capacity: 4);

    [Fact]
    public void C9_Append_SaysWhereTheRecordStands()
    {
        Assert.Equal(new Position(First, 0), _log.Head);
        Assert.Equal(new Position(First, 1), _log.Append(Tags));
        Assert.Equal(new Position(First, 2), _log.Append(Tags));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 1)]
    [InlineData(3, 0)]
    public void C7_ReadAfter_GivesTheRecordsInOrder(long offset, int count)
    {
        Append(3);

        var reading = _log.ReadAfter(new Position(First, offset));

        Assert.Equal(new Position(First, 3), reading.Head);
        Assert.Equal(Enumerable.Range(0, count).Select(i => offset + 1 + i), reading.Records!.Select(r => r.Offset));
    }

    [Fact]
    public void C7_OldestKeptRecord_CanStillBeRead()
    {
        Append(10);

        Assert.Equal([7, 8, 9, 10], _log.ReadAfter(new Position(First, 6)).Records!.Select(r => r.Offset));
        Assert.Null(_log.ReadAfter(new Position(First, 5)).Records);
    }

    [Fact]
    public void C7_PositionAheadOrOfAnotherEpoch_HasNoRecords()
    {
        Append(3);

        Assert.Null(_log.ReadAfter(new Position(First, 4)).Records);
        Assert.Null(_log.ReadAfter(new Position(new Epoch(2), 0)).Records);
    }

    [Fact]
    public void C13_EpochStartsByCompareAndSwap_OnlyOneWins()
    {
        Append(3);

        Assert.True(_log.TryStartEpoch(First, new Epoch(2)));
        Assert.False(_log.TryStartEpoch(First, new Epoch(3)));
        Assert.Equal(new Position(new Epoch(2), 0), _log.Head);
        Assert.Empty(_log.ReadAfter(_log.Head).Records!);
    }

    [Fact]
    public void C13_RandomEpochs_Differ() => Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => Epoch.Random()).Distinct().Count());

    private void Append(int count)
    {
        for (var i = 0; i < count; i++)
            _log.Append(Tags);
    }
}
