using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

public class ValidityTests
{
    private static readonly Tenant Owner = Tenant.Named("a");
    private static readonly Tag Row = Tag.Of("row", "1");

    private readonly TagClocks _clocks = new(1024);
    private readonly EntryClocks _entryClocks;

    public ValidityTests()
    {
        var clocks = new EntryClocks.Collector();
        _clocks.AddClocks(Owner, Row, clocks);
        _clocks.AddClocks(Tenant.Public, Row, clocks);
        _entryClocks = clocks.ToClocks();
    }

    [Fact]
    public void Untouched_IsFresh() => Assert.Equal(CacheReason.Fresh, Judge());

    [Fact]
    public void C4_Touched_IsInvalidForWhoComesAfter()
    {
        var fence = _clocks.Now;
        _clocks.Touch(Owner, [Row]);

        Assert.Equal(CacheReason.Touched, Judge(fence));
        Assert.Equal(CacheReason.Fresh, Judge(_clocks.Now));
    }

    [Fact]
    public void C4_EveryLogItWasMadeFrom_IsJudged()
    {
        var fence = _clocks.Now;
        _clocks.Touch(Tenant.Public, [Row]);

        Assert.Equal(CacheReason.Touched, Judge(fence));
    }

    [Fact]
    public void C6_NoContact_IsNotAnswered() => Assert.Equal(CacheReason.NoContact, Judge(inContact: false));

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void C10_WhoMustLoad_IsNotAnsweredFromMemory(long fence) =>
        // Not even from a load that began later: what was read inside it may be older than that.
        Assert.Equal(CacheReason.Session, Judge(fence, new Arrival(5, MustLoad: true)));

    [Fact]
    public void C15_PastItsAge_IsExpiredOnlyIfUntouched()
    {
        Assert.Equal(CacheReason.Expired, Judge(now: 100));
        _clocks.Touch(Owner, [Row]);
        Assert.Equal(CacheReason.Touched, Judge(now: 100));
        Assert.Equal(CacheReason.Touched, Judge(now: 99));
    }

    [Fact]
    public void C15_NoContact_IsNotForgivenAsAge() => Assert.Equal(CacheReason.NoContact, Judge(inContact: false, now: 100));

    [Theory]
    [InlineData(5, false, 5, false, false, true)] // began at the arrival or later
    [InlineData(6, false, 5, false, false, true)]
    [InlineData(4, false, 5, false, true, true)] // began before, still valid
    [InlineData(4, false, 5, false, false, false)]
    [InlineData(6, false, 5, true, true, false)] // the load need not load all the way down
    [InlineData(5, true, 5, true, false, true)]
    [InlineData(4, true, 5, true, true, false)]
    public void C5_MayFollow(long loadTick, bool loadMust, long tick, bool must, bool stillValid, bool expected) =>
        Assert.Equal(expected, Validity.MayFollow(new Arrival(loadTick, loadMust), new Arrival(tick, must), stillValid));

    [Theory]
    [InlineData(6, 1, 5, 9, true)]
    [InlineData(5, 9, 5, 8, true)]
    [InlineData(5, 8, 5, 8, false)]
    [InlineData(5, 7, 5, 8, false)]
    [InlineData(4, 9, 5, 8, false)]
    public void C11_OnlyTheHigherFenceAndTicket_Replaces(long fence, long ticket, long storedFence, long storedTicket, bool expected) =>
        Assert.Equal(expected, Validity.Replaces(fence, ticket, storedFence, storedTicket));

    private CacheReason Judge(long fence = 0, Arrival arrival = default, bool inContact = true, long now = 0) =>
        Validity.Judge(_entryClocks, fence, arrival, inContact, now, expiresAt: 100);
}
