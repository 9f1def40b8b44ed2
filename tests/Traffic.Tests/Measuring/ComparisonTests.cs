using Traffic.Checking;
using Traffic.Measuring;
using Traffic.Scripts;

namespace Traffic.Tests.Measuring;

public class ComparisonTests
{
    [Fact]
    public void PromiseKeptAndSavingsMet_HasNoFailure() =>
        Assert.Empty(Compare(Played(commands: 1000), Played(commands: 50)).Failures);

    [Fact]
    public void TooFewCommandsSaved_IsAFailureThatSaysSo()
    {
        var failure = Assert.Single(Compare(Played(commands: 1000), Played(commands: 51)).Failures);
        Assert.StartsWith("Savings not met: 94.9", failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BrokenPromiseInEitherRun_IsAFailureThatNamesTheFirst(bool with)
    {
        var (bad, good) = (Played(commands: 10, broken: true), Played(commands: with ? 1000 : 0));
        var failure = Assert.Single((with ? Compare(good, bad) : Compare(bad, good)).Failures);
        Assert.StartsWith("Promise broken: 1 of 100 answers", failure, StringComparison.Ordinal);
        Assert.Contains("planted", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Savings_AreCountedPerAnswer() =>
        Assert.Equal(0.9, Compare(Played(commands: 1000), Played(commands: 50, answers: 50)).CommandsSaved, 3);

    [Fact]
    public void MissAdds_IsTheDifferenceAtThe99thPercentileOfThoseThatMissed()
    {
        // 1 to 100 ms without, 5 ms more as a miss; a hit, whatever it took, is not among them.
        var without = Enumerable.Range(1, 101).Select(n => new Probe(TimeSpan.FromMilliseconds(n), Missed: true)).ToArray();
        var with = without.Select(probe => new Probe(probe.Took + TimeSpan.FromMilliseconds(5), Missed: true)).ToArray();
        with[100] = new Probe(TimeSpan.FromSeconds(9), Missed: false);
        var comparison = Compare(Played() with { Probes = without }, Played() with { Probes = with });
        // The histogram is exact to 1.6 % of 104 and of 99 ms.
        Assert.InRange(comparison.MissAddsP99!.Value.TotalMilliseconds, 3, 7);
    }

    [Fact]
    public void SavingsFromTheFirstRequestOn_CountTheWarmUp()
    {
        var comparison = Compare(
            Played() with { Cold = new ColdCounts(200, 1000) }, Played() with { Cold = new ColdCounts(100, 100) });
        Assert.Equal(0.8, comparison.CommandsSavedCold, 3);
    }

    [Fact]
    public void MissAdds_IsUnknownWithoutAMiss() => Assert.Null(Compare(Played(), Played()).MissAddsP99);

    [Fact]
    public void TooFewCallsSavedWithEvents_IsAFailureThatSaysSo()
    {
        var comparison = new Comparison(Played(commands: 1000), Played(commands: 50), Played(commands: 50, calls: 21));
        Assert.StartsWith("Savings not met: 79.0", Assert.Single(comparison.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void BrokenPromiseWithEvents_IsAFailure()
    {
        var comparison = new Comparison(Played(commands: 1000), Played(commands: 50), Played(commands: 50, calls: 20, broken: true));
        Assert.Contains("answers with events", Assert.Single(comparison.Failures), StringComparison.Ordinal);
    }

    private static Comparison Compare(Run without, Run with) => new(without, with, Played(calls: 0));

    private static Run Played(long commands = 100, int answers = 100, bool broken = false, int? calls = null)
    {
        var clients = new Measures();
        for (var i = 0; i < answers; i++)
        {
            var planted = broken && i == 0 ? new Broken(BrokenKind.OwnWriteLost, Api.Dashboard.Route, Api.Dashboard.Path, "planted") : null;
            clients.Record(Api.Dashboard, new CacheVerdict("HIT", "fresh", IsLoad: false), TimeSpan.FromMilliseconds(1), age: null, planted);
            if (i < (calls ?? answers)) clients.Called(isNotModified: false, hasBody: true);
        }

        return new Run(TimeSpan.FromSeconds(1), clients, new OriginCounts(Routes(commands), Coalesced: 0), new ColdCounts(answers, commands), [], new Histogram());
    }

    private static Dictionary<string, RouteCounts> Routes(long commands) =>
        new(StringComparer.Ordinal) { [Api.Dashboard.Route] = new RouteCounts(commands, commands) };
}
