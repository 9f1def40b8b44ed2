using Traffic.Scripts;

namespace Traffic.Tests.Scripts;

public class DiceTests
{
    [Fact]
    public void PickPopular_FollowsZipf()
    {
        var dice = Dice.For(1, 1);
        var counts = new int[4];
        for (var i = 0; i < 25_000; i++) counts[dice.PickPopular([0, 1, 2, 3])]++;
        // 1 + 1/2 + 1/3 + 1/4 = 25/12: the shares of 25,000 are 12,000, 6,000, 4,000 and 3,000.
        Assert.InRange(counts[0], 11_500, 12_500);
        Assert.InRange(counts[1], 5_600, 6_400);
        Assert.InRange(counts[3], 2_700, 3_300);
    }

    [Fact]
    public void Wait_HasItsMeanAndItsCut()
    {
        var dice = Dice.For(1, 1);
        var waits = Enumerable.Range(0, 20_000).Select(_ => dice.Wait(TimeSpan.FromSeconds(10)).TotalSeconds).ToArray();
        Assert.InRange(waits.Average(), 9.7, 10.3);
        Assert.InRange(waits.Max(), 50, 100);
    }
}
