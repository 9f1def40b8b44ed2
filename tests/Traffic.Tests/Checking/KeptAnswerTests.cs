using Microsoft.Extensions.Time.Testing;
using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>What a client gave itself: others' writes must show MaxStaleness after their acknowledgement, its own at once.</summary>
public class KeptAnswerTests
{
    private readonly Ledger _ledger = new();
    private readonly Checker _checker;

    public KeptAnswerTests() => _checker = new Checker(_ledger, new Dictionary<string, long>(StringComparer.Ordinal) { ["acme"] = 0 });

    private static Content Shown(long version) => new("acme", version, [new RowVersion(RowType.Asset, "a-1", version, "acme")]);

    private void Write(int client, long version) =>
        _ledger.Acknowledge(client, "acme", Shown(version));

    private Broken? Judge(long version, long begin, long others) => _checker.Judge(
        new Answer(1, Worlds.Admin, Api.Asset("a-1"), begin, 200, Shown(version))
        {
            OthersBegin = others,
        });

    [Fact]
    public void OthersWriteOfJustNow_MayBeMissing_ButNotForLong()
    {
        Write(client: 2, version: 2);
        Assert.Null(Judge(version: 1, begin: _ledger.Begin(), others: 0));
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(version: 1, begin: _ledger.Begin(), others: _ledger.Begin())?.Kind);
    }

    [Fact]
    public void OwnWriteOfJustNow_MustShow()
    {
        Write(client: 1, version: 2);
        Assert.Equal(BrokenKind.OwnWriteLost, Judge(version: 1, begin: _ledger.Begin(), others: 0)?.Kind);
    }

    [Fact]
    public void MomentAgo_IsTheLastThatWasNotedThen_NeverALaterOne()
    {
        var time = new FakeTimeProvider();
        var moments = new Moments(_ledger, time);
        Assert.Equal((0, 0), moments.Take(TimeSpan.FromSeconds(1)));
        Write(client: 1, version: 2);
        time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal((1, 0), moments.Take(TimeSpan.FromSeconds(1)));
        Write(client: 1, version: 3);
        time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal((2, 0), moments.Take(TimeSpan.FromSeconds(1)));
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal((2, 1), moments.Take(TimeSpan.FromSeconds(1)));
    }
}
