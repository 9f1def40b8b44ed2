using Freshet.Loading;

namespace Freshet.Tests.Loading;

public class AcknowledgedWritesTests
{
    [Fact]
    public void WriteThatGoesOn_DoesNotDisturbWhoReadsWhatWasWritten()
    {
        var writes = new AcknowledgedWrites();
        writes.Add(Tenant.Default, new Position(new Epoch(1), 1), [Tag.Of("import", "1"), Tag.Of("import", "2")]);
        var seen = 0;
        foreach (var _ in Assert.Single(writes.ToArray()).Value.Tags)
        {
            writes.Add(Tenant.Default, new Position(new Epoch(1), 2 + seen), [Tag.Of("import", "3")]);
            seen++;
        }

        Assert.Equal((2, 4), (seen, Assert.Single(writes.ToArray()).Value.Tags.Count));
    }
}
