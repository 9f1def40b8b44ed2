using Traffic.Measuring;

namespace Traffic.Tests.Measuring;

public class HistogramTests
{
    [Fact]
    public void Empty_PercentileIsZero() => Assert.Equal(TimeSpan.Zero, new Histogram().Percentile(0.99));

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1_000)]
    [InlineData(123_456)]
    [InlineData(3_600_000_000)]
    public void OneDuration_IsFoundWithin1Point6Percent(long microseconds)
    {
        var histogram = new Histogram();
        histogram.Record(TimeSpan.FromMicroseconds(microseconds));
        Assert.InRange(histogram.Percentile(0.5).TotalMicroseconds, microseconds, microseconds * (1 + 1 / 64.0));
    }

    [Fact]
    public void Percentiles_MatchTheSortedValues()
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 10_000).Select(_ => (long)Math.Exp(random.NextDouble() * 14)).Order().ToArray();
        var (left, right) = (new Histogram(), new Histogram());
        foreach (var value in values) (random.Next(2) == 0 ? left : right).Record(TimeSpan.FromMicroseconds(value));
        left.Add(right);

        Assert.Equal(values.Length, left.Count);
        foreach (var share in (double[])[0.01, 0.5, 0.9, 0.99, 1])
        {
            var exact = values[(int)Math.Ceiling(share * values.Length) - 1];
            Assert.InRange(left.Percentile(share).TotalMicroseconds, exact, exact * (1 + 1 / 64.0));
        }
    }

    [Fact]
    public void DurationBeyondTheLastBucket_IsCountedInIt()
    {
        var histogram = new Histogram();
        histogram.Record(TimeSpan.FromDays(2));
        Assert.True(histogram.Percentile(1) > TimeSpan.FromHours(1));
    }
}
