using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>Pauses grow to a bound, and are random below it.</summary>
public sealed class BackoffTests
{
    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 100)]
    [InlineData(5, 800)]
    [InlineData(6, 1600)]
    [InlineData(7, 2000)]
    [InlineData(1000, 2000)]
    [InlineData(int.MaxValue, 2000)]
    public void Pause_IsBounded_AndUsesWhatItMay(int failures, int boundMilliseconds)
    {
        var bound = TimeSpan.FromMilliseconds(boundMilliseconds);
        var pauses = Enumerable.Range(0, 1000).Select(_ => Backoff.Default.After(failures)).ToArray();
        Assert.All(pauses, pause => Assert.InRange(pause, TimeSpan.FromTicks(1), bound));
        // That none of a thousand falls into either tenth has a chance of 10^-45.
        Assert.InRange(pauses.Min(), TimeSpan.Zero, bound / 10);
        Assert.InRange(pauses.Max(), bound * 0.9, bound);
    }

    [Fact]
    public void LongestOne_IsNeverExceeded_NotEvenByTheFirst() =>
        Assert.InRange(new Backoff(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1)).After(1), TimeSpan.FromTicks(1), TimeSpan.FromSeconds(1));
}
