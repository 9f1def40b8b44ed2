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
    public void C7_ManyBytes_TheOldestAreTrimmed_AndTheNewestStays()
    {
        var log = new InvalidationLog(First, capacity: 100, mostBytes: 3 * LogRecord.BytesOf(Tags, default));
        for (var i = 0; i < 10; i++)
            log.Append(Tags);
        Assert.Equal([8, 9, 10], log.ReadAfter(new Position(First, 7)).Records!.Select(r => r.Offset));
        Assert.Null(log.ReadAfter(new Position(First, 6)).Records);

        Tag[] large = [.. Enumerable.Range(0, 50).Select(i => Tag.Of("row", $"{i}"))];
        log.Append(large);
        Assert.Equal(large, Assert.Single(log.ReadAfter(new Position(First, 10)).Records!).Tags);
        Assert.Null(log.ReadAfter(new Position(First, 9)).Records);
    }

    [Fact]
    public void C7_RecordsThatAged_AreTrimmed_AndTheHeadStaysWhereItIs()
    {
        Append(2);
        _log.Age();
        Append(1);
        Assert.Equal(3, _log.ReadAfter(new Position(First, 0)).Records!.Count);
        _log.Age();
        Assert.Equal([3], _log.ReadAfter(new Position(First, 2)).Records!.Select(r => r.Offset));
        Assert.Null(_log.ReadAfter(new Position(First, 1)).Records);
        _log.Age();
        Assert.Equal(new Position(First, 3), _log.Head);
        Assert.Empty(_log.ReadAfter(_log.Head).Records!);
        Assert.Equal(new Position(First, 4), _log.Append(Tags));
        Assert.Single(_log.ReadAfter(new Position(First, 3)).Records!);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void C7_WhateverIsAppendedAndTrimmed_TheLogIsTheEndOfAList(ulong seed)
    {
        var random = new Freshet.Simulation.Prng(seed);
        var capacity = 1 + random.Below(40);
        var log = new InvalidationLog(First, capacity, mostBytes: 30 * LogRecord.BytesOf(Tags, default));
        for (var i = 1; i <= 5_000; i++)
        {
            log.Append(random.Below(20) == 0 ? [.. Enumerable.Repeat(Tags[0], 30)] : Tags, tick: 2 * i);
            if (random.Below(30) == 0)
                log.Age();
            if (random.Below(200) == 0)
                log.Age();
            Assert.InRange(log.Oldest, i - capacity, i);
            Assert.Equal(Enumerable.Range((int)log.Oldest + 1, i - (int)log.Oldest).Select(o => (long)o), log.ReadAfter(new Position(First, log.Oldest)).Records!.Select(r => r.Offset));
            Assert.Equal(2 * log.Oldest, log.TrimmedTick);
            Assert.Equal(Math.Max(i - 1, log.Oldest), log.OffsetAt((2 * i) - 1));
        }
    }

    [Fact]
    public void C13_RandomEpochs_Differ() => Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => Epoch.Random()).Distinct().Count());

    [Fact]
    public void C17_LongIds_CountToo()
    {
        var log = new InvalidationLog(First, capacity: 1024, mostBytes: 64 << 10);
        for (var i = 0; i < 200; i++)
            log.Append(Tags, new ChangeSummary(ChangeAction.Updated, "row", new string('x', ChangeSummary.MostText)));
        Assert.InRange(log.Head.Offset - log.Oldest, 20, 32);
    }

    private void Append(int count)
    {
        for (var i = 0; i < count; i++)
            _log.Append(Tags);
    }
}
