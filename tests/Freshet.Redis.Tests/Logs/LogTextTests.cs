using System.Text;
using Freshet.Coherence;
using Freshet.Redis.Keys;
using Freshet.Redis.Logs;

namespace Freshet.Redis.Tests.Logs;

public class LogTextTests
{
    private static readonly byte[] Record = RecordFormat.Write([Tag.Of("import", "42")], new ChangeSummary(ChangeAction.Updated, "import", "42"));

    private static byte[] Message(string epoch, string offset) => [.. Encoding.ASCII.GetBytes($"{epoch}{offset} "), .. Record];

    [Fact]
    public void Message_NamesEpochAndRecord()
    {
        var epoch = Epoch.Random();
        Assert.True(LogText.TryReadMessage(Message(epoch.ToString(), "7"), out var read, out var record));
        Assert.Equal((epoch, 7L), (read, record.Offset));
        Assert.Equal([Tag.Of("import", "42")], record.Tags);
    }

    [Theory]
    [InlineData("00000000000000000000000000000000", "0")]
    [InlineData("00000000000000000000000000000000", "-1")]
    [InlineData("00000000000000000000000000000000", "99999999999999999999")]
    [InlineData("00000000000000000000000000000000", "")]
    [InlineData("0000000000000000000000000000000x", "1")]
    [InlineData("0000", "1")]
    public void MessageThatIsWrongAnywhere_IsNone(string epoch, string offset) =>
        Assert.False(LogText.TryReadMessage(Message(epoch, offset), out _, out _));

    [Fact]
    public void MessageCutOffAnywhere_IsNone()
    {
        var message = Message(new string('0', 32), "7");
        for (var length = 0; length < message.Length; length++)
            Assert.False(LogText.TryReadMessage(message.AsSpan(0, length), out _, out _));
    }

    [Fact]
    public void NamesOfLogs_AreTheSameUnderEverySecret_AndDifferForEachTenantAndDatabase()
    {
        var secret = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        var keys = new PhysicalKeys("freshet", secret);
        Assert.Equal(keys.NameOf(Tenant.Named("acme")), new PhysicalKeys("freshet", new byte[32]).NameOf(Tenant.Named("acme")));
        Assert.Equal("UIS6kyvdWlZQpKCSjNgs6w", keys.NameOf(Tenant.Public));
        Assert.Equal("DmIF88ZHPp-oDNWLAZ1dFA", keys.NameOf(Tenant.Named("acme")));
        Assert.Equal("freshet:{DmIF88ZHPp-oDNWLAZ1dFA}:L", Encoding.ASCII.GetString(keys.Log(keys.NameOf(Tenant.Named("acme")))));

        Tenant[] tenants = [Tenant.Public, Tenant.Default, Tenant.Named("p"), Tenant.Named("d"), Tenant.Named("P"), Tenant.Named("acme")];
        var names = tenants.SelectMany(t => new[] { keys.NameOf(t), new PhysicalKeys("freshet", secret, database: 1).NameOf(t) });
        Assert.Equal(2 * tenants.Length, names.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void StoreClocks_AreThoseOfTheFormat()
    {
        Assert.Equal("7210,8711,65451,65537", string.Join(',', StoreClocks.Of([Tag.Of("import", "42", "mappings")]).Order()));
        Assert.Equal("65536", string.Join(',', StoreClocks.Of([Tag.Root])));
    }
}
