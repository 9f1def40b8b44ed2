using System.Text;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>The slots of keys are those that Redis computes.</summary>
public sealed class HashSlotTests
{
    [Theory]
    [InlineData("123456789", 0x31C3)] // the check value of CRC-16/XMODEM, given by the specification
    [InlineData("", 0)]
    [InlineData("foo", 12182)]
    [InlineData("bar", 5061)]
    [InlineData("somekey", 11058)]
    public void Key_HasItsSlot(string key, int slot) => Assert.Equal(slot, Of(key));

    [Theory]
    [InlineData("{foo}", "foo")]
    [InlineData("{foo}bar", "foo")]
    [InlineData("bar{foo}", "foo")]
    [InlineData("a{foo}b{bar}c", "foo")]
    [InlineData("{foo}{bar}", "foo")]
    [InlineData("foo{{bar}}zap", "{bar")]
    [InlineData("}{foo}", "foo")]
    [InlineData("{ }", " ")]
    public void KeyWithATag_HasTheTagsSlot(string key, string tag) => Assert.Equal(Of(tag), Of(key));

    // Without a tag the braces count as what they are: the slot is that of the whole key, made here bit by bit.
    [Theory]
    [InlineData("foo{}{bar}")]
    [InlineData("{}")]
    [InlineData("{}foo")]
    [InlineData("{foo")]
    [InlineData("foo}")]
    [InlineData("}foo{")]
    [InlineData("foo{")]
    [InlineData("{")]
    [InlineData("\u00fcml\u00e4ut")]
    public void KeyWithoutATag_CountsAsAWhole(string key) => Assert.Equal(Slowly(Encoding.UTF8.GetBytes(key)), Of(key));

    [Fact]
    public void EverySlot_IsReached()
    {
        var reached = new HashSet<int>();
        for (var i = 0; reached.Count < HashSlot.Count; i++)
            reached.Add(Of($"k{i}"));
        Assert.Equal((0, HashSlot.Count - 1), (reached.Min(), reached.Max()));
    }

    private static int Of(string key) => HashSlot.Of(Encoding.UTF8.GetBytes(key));

    private static int Slowly(byte[] key)
    {
        var crc = 0;
        foreach (var bit in key.SelectMany(b => Enumerable.Range(0, 8).Select(i => (b >> (7 - i)) & 1)))
        {
            var carry = ((crc >> 15) & 1) ^ bit;
            crc = ((crc << 1) & 0xFFFF) ^ (carry * 0x1021);
        }

        return crc % 16_384;
    }
}
