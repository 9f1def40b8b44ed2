using Freshet.Coherence;
using Freshet.Simulation;

namespace Freshet.Tests.Simulation;

/// <summary>The model of the shared store, by itself: what the simulation stands on must be right, too.</summary>
public class StoreModelTests
{
    private static readonly Epoch First = new(1);
    private static readonly Epoch Second = new(2);
    private static readonly Key Row = World.Instance.Keys[0];
    private static readonly IReadOnlyList<Tag> Touch = World.Instance.Changes[0].Touches[0].Tags;

    private readonly Server _server = new(7, new Rules(), new Promise(400)) { LogCapacity = 16 };

    public StoreModelTests() => Assert.True(_server.StartEpoch(0, expected: null, First));

    [Fact]
    public void C4_EntryIsValid_UntilItsTagIsTouched()
    {
        Assert.True(Write(offset: 0, ticket: 1));
        Assert.NotNull(Read());

        Append();

        Assert.Null(Read());
        Assert.False(Write(offset: 0, ticket: 2));
        Assert.True(Write(offset: 1, ticket: 3));
    }

    [Fact]
    public void C11_SameFence_TheHigherTicketStays()
    {
        var earlier = _server.Miss(Row);
        var later = _server.Miss(Row);

        Assert.True(Write(0, later));
        Assert.False(Write(0, earlier));
        Assert.Equal(later, Read()!.Ticket);
    }

    [Fact]
    public void C12_LogVanishes_EveryEntryIsAMiss()
    {
        Assert.True(Write(0, 1));
        _server.EvictLog(0);

        Assert.Null(Read());
        Assert.Equal(AppendResult.NeedsEpoch, _server.Append(0, Touch, now: 0, out _));

        // Not even when the log is there again and none of its clocks has moved.
        Assert.True(_server.StartEpoch(0, expected: null, Second));
        Assert.Null(Read());
    }

    [Fact]
    public void C13_ServerThatTookOver_NeedsAnEpochFirst()
    {
        Append();
        Assert.True(Write(1, 1));
        Append();
        var next = _server.TakeOver(8, lost: 1);

        // The record that touched the entry is lost, and the entry is back.
        Assert.Equal(new Position(First, 1), next.Head(0).Head);
        Assert.Null(Read(next));
        Assert.Equal(AppendResult.NeedsEpoch, next.Append(0, Touch, now: 0, out _));

        Assert.True(next.StartEpoch(0, First, Second));
        Assert.False(next.StartEpoch(0, First, new Epoch(3)));
        Assert.Equal(AppendResult.Logged, next.Append(0, Touch, now: 0, out var at));
        Assert.Equal(new Position(Second, 1), at);
    }

    [Fact]
    public void C8_TouchBeforeTheCommit_LeavesTheOldValueValid()
    {
        // Why the order is commit, then append: a load in between reads the old row after the touch.
        var clocks = new TagClocks(1024);
        var dependency = new EntryClocks.Collector();
        clocks.AddClocks(Tenant.Default, Tag.Of("row"), dependency);
        var entry = dependency.ToClocks();

        clocks.Touch(Tenant.Default, [Tag.Of("row")]);
        var fenceOfOldValue = clocks.Now;
        Assert.True(entry.Untouched(fenceOfOldValue));

        // In the right order whatever read the old row has a fence from before the touch.
        clocks.Touch(Tenant.Default, [Tag.Of("row")]);
        Assert.False(entry.Untouched(fenceOfOldValue));
    }

    private void Append() => Assert.Equal(AppendResult.Logged, _server.Append(0, Touch, now: 0, out _));

    private bool Write(long offset, long ticket) => _server.Write(Row, new StoredEntry
    {
        Values = [0],
        Fence = [new Position(First, offset)],
        Ticket = ticket,
        ExpiresAt = long.MaxValue,
        HoldsStale = false,
    });

    private StoredEntry? Read(Server? server = null)
    {
        var reading = new StoreReading { Entry = (server ?? _server).Read(Row, now: 0) };
        if (reading.Entry is null)
            return null;
        (server ?? _server).Check(Row, reading);
        return reading.IsValid[0] ? reading.Entry : null;
    }
}
