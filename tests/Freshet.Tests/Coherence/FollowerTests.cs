using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

/// <summary>A follower of one log, two epochs and two rows.</summary>
public abstract class FollowerTests
{
    protected const long MaxStaleness = 100;

    private static readonly Tenant Owner = Tenant.Named("a");
    internal static readonly Epoch First = new(1);
    internal static readonly Epoch Second = new(2);
    internal static readonly Tag[] Row = [Tag.Of("row", "1")];
    internal static readonly Tag[] Other = [Tag.Of("row", "2")];

    internal TagClocks Clocks { get; } = new(1024);

    internal LogFollower Follower { get; }

    /// <summary>The clocks of what depends on <see cref="Row"/>.</summary>
    internal EntryClocks RowClocks { get; }

    protected FollowerTests()
    {
        Follower = new LogFollower(Owner, Clocks, MaxStaleness, capacity: 8);
        RowClocks = Clocks.ClocksOf(Owner, Row[0]);
    }

    internal void Follow(Position head, long sentAt)
    {
        Follower.OnSubscribed();
        Assert.Equal(FollowStep.Done, Follower.OnHead(Follower.MakeProbe(sentAt), head));
        Assert.Equal(head, Follower.Applied);
    }
}
