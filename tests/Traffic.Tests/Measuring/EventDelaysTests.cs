using System.Buffers.Binary;
using System.Buffers.Text;
using Microsoft.Extensions.Time.Testing;
using Traffic.Measuring;

namespace Traffic.Tests.Measuring;

public class EventDelaysTests
{
    private static string Position(long offset)
    {
        var token = new byte[42];
        BinaryPrimitives.WriteInt64LittleEndian(token.AsSpan(18), offset);
        return Base64Url.EncodeToString(token);
    }

    [Fact]
    public void Delay_IsFromTheAcknowledgementToTheFirstEventThatCoversIt()
    {
        var time = new FakeTimeProvider();
        var delays = new EventDelays(time);
        delays.Heard(2, "acme", Position(6), node: 0);
        delays.Heard(3, "globex", Position(9), node: 0);
        delays.Acknowledged(1, "acme", Position(7), node: 0);
        time.Advance(TimeSpan.FromMilliseconds(40));
        delays.Heard(1, "acme", Position(7), node: 0);
        delays.Heard(2, "acme", Position(8), node: 0);
        time.Advance(TimeSpan.FromMilliseconds(40));
        delays.Heard(2, "acme", Position(9), node: 0);

        var measured = delays.Measure();
        Assert.Equal(1, measured.Count);
        Assert.InRange(measured.Percentile(1).TotalMilliseconds, 39.4, 40.7);
    }

    [Fact]
    public void DelayOnAnotherNode_IsThatOfClientsWhomAnotherNodeTold()
    {
        var time = new FakeTimeProvider();
        var delays = new EventDelays(time);
        delays.Acknowledged(1, "acme", Position(7), node: 0);
        delays.Heard(2, "acme", Position(7), node: 0);
        time.Advance(TimeSpan.FromMilliseconds(40));
        delays.Heard(3, "acme", Position(7), node: 1);

        Assert.Equal(2, delays.Measure().Count);
        var elsewhere = delays.Measure(onOtherNode: true);
        Assert.Equal(1, elsewhere.Count);
        Assert.InRange(elsewhere.Percentile(1).TotalMilliseconds, 39.4, 40.7);
    }

    [Fact]
    public void EventBeforeTheAcknowledgement_CountsAsNone()
    {
        var delays = new EventDelays(new FakeTimeProvider());
        delays.Heard(2, "acme", Position(7), node: 0);
        delays.Acknowledged(1, "acme", Position(7), node: 0);
        Assert.Equal(TimeSpan.Zero, delays.Measure().Percentile(1));
        Assert.Equal(1, delays.Measure().Count);
    }
}
