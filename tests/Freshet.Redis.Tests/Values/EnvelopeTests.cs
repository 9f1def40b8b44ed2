using System.Buffers;
using System.Text.Json;
using Freshet.Loading;
using Freshet.Redis.Values;
using Freshet.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace Freshet.Redis.Tests.Values;

public class EnvelopeTests
{
    private static readonly byte[] Key = "freshet:{name}:E:hash"u8.ToArray();
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly Tenant Own = Tenant.Named("acme");

    private static readonly Envelope Sample = new(
        ValueForm.Data,
        [new(Own, new Position(new Epoch(new UInt128(1, 2)), 7)), new(Tenant.Public, new Position(new Epoch(new UInt128(3, 4)), 300))],
        Ticket: 5, TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30),
        [new(Own, Tag.Of("import", "42")), new(Tenant.Public, Tag.Of("country").Subtree), new(Own, Tag.Root)]);

    private static byte[] Write(Envelope envelope, ReadOnlySpan<byte> value, byte[]? key = null)
    {
        var target = new ArrayBufferWriter<byte>();
        Assert.True(EnvelopeWriter.TryWriteHead(envelope, target));
        target.Write(value);
        EnvelopeWriter.WriteCheck(target, key ?? Key, Secret);
        return target.WrittenSpan.ToArray();
    }

    private static StoreOutcome Read(ReadOnlySpan<byte> bytes, out Envelope? envelope, out byte[] value, byte[]? key = null)
    {
        var outcome = EnvelopeReader.Read(bytes, key ?? Key, Secret, Own, out envelope, out var range);
        value = outcome is StoreOutcome.Hit ? bytes[range].ToArray() : [];
        return outcome;
    }

    private static bool AreEqual(Envelope one, Envelope other) =>
        (one.Form, one.Ticket, one.Lifetime, one.StaleFor) == (other.Form, other.Ticket, other.Lifetime, other.StaleFor)
        && one.Fences.SequenceEqual(other.Fences) && one.Dependencies.SequenceEqual(other.Dependencies);

    private static Tenant TenantOf(string id) => id switch { "p" => Tenant.Public, "d" => Tenant.Default, _ => Tenant.Named(id[1..]) };

    [Fact]
    public void GoldenBytes_AreWrittenAndRead()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "entries.json")));
        var entries = vectors.RootElement.EnumerateArray().ToArray();
        Assert.NotEmpty(entries);
        foreach (var vector in entries)
        {
            var fences = vector.GetProperty("fences").EnumerateArray().Select(f => new EntryFence(
                TenantOf(f.GetProperty("tenant").GetString()!),
                new Position(new Epoch(UInt128.Parse(f.GetProperty("epoch").GetString()!, System.Globalization.NumberStyles.HexNumber, null)), f.GetProperty("offset").GetInt64()))).ToArray();
            var dependencies = vector.GetProperty("dependencies").EnumerateArray().Select(d => new EntryDependency(
                TenantOf(d.GetProperty("tenant").GetString()!), Dependency.Parse(d.GetProperty("on").GetString()!))).ToArray();
            var envelope = new Envelope(
                (ValueForm)vector.GetProperty("form").GetByte(), fences, vector.GetProperty("ticket").GetInt64(),
                TimeSpan.FromMilliseconds(vector.GetProperty("lifetime").GetInt64()), TimeSpan.FromMilliseconds(vector.GetProperty("staleFor").GetInt64()), dependencies);
            var key = System.Text.Encoding.ASCII.GetBytes(vector.GetProperty("key").GetString()!);
            var value = Convert.FromHexString(vector.GetProperty("value").GetString()!);
            var hex = vector.GetProperty("bytes").GetString()!;

            Assert.Equal(hex, Convert.ToHexStringLower(Write(envelope, value, key)));
            var bytes = Convert.FromHexString(hex);
            Assert.Equal(StoreOutcome.Hit, EnvelopeReader.Read(bytes, key, Secret, fences[0].Tenant, out var read, out var range));
            Assert.True(AreEqual(envelope, read!));
            Assert.Equal(value, bytes[range]);
        }
    }

    [Fact]
    public void AnyFlippedBit_IsAMiss()
    {
        var sample = Write(Sample, "some value"u8);
        for (var bit = 0; bit < sample.Length * 8; bit++)
        {
            var damaged = (byte[])sample.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(bit < 8 ? StoreOutcome.Version : StoreOutcome.Damaged, Read(damaged, out _, out _));
        }
    }

    [Fact]
    public void CutOffOrLengthened_IsAMiss()
    {
        var sample = Write(Sample, "some value"u8);
        for (var length = 0; length < sample.Length; length++)
            Assert.Equal(StoreOutcome.Damaged, Read(sample.AsSpan(0, length), out _, out _));
        Assert.Equal(StoreOutcome.Damaged, Read([.. sample, 0], out _, out _));
    }

    [Fact]
    public void UnderAnotherKeyOrSecret_IsAMiss()
    {
        var sample = Write(Sample, "some value"u8);
        Assert.Equal(StoreOutcome.Hit, Read(sample, out _, out _));
        Assert.Equal(StoreOutcome.Damaged, Read(sample, out _, out _, "freshet:{other}:E:hash"u8.ToArray()));
        Assert.Equal(StoreOutcome.Damaged, EnvelopeReader.Read(sample, Key, new byte[32], Own, out _, out _));
    }

    [Fact]
    public void WhateverIsWritten_IsReadBack()
    {
        var segment = ArbMap.Default.GeneratorFor<NonEmptyString>().Select(s => s.Get).Where(s => s.Length <= 512 && IsText(s));
        var tag = Gen.Choose(0, 4).SelectMany(n => Gen.ArrayOf(segment, n)).Select(s => s.Length == 0 ? Tag.Root : Tag.Of(s));
        var envelope = from others in Gen.Choose(0, 5)
                       from epochs in Gen.ArrayOf(Gen.Choose(0, int.MaxValue), others + 1)
                       from tags in Gen.Choose(0, 20).SelectMany(n => Gen.ArrayOf(tag, n))
                       from flags in Gen.ArrayOf(Gen.Choose(0, 1), tags.Length)
                       from form in Gen.Choose(1, 3)
                       from value in ArbMap.Default.GeneratorFor<byte[]>()
                       select (Envelope: new Envelope(
                           (ValueForm)form,
                           [.. epochs.Select((e, i) => new EntryFence(i == 0 ? Own : Tenant.Named($"{i}"), new Position(new Epoch((UInt128)e * ulong.MaxValue), e)))],
                           others, TimeSpan.FromMilliseconds(epochs[0]), TimeSpan.FromMilliseconds(epochs[^1]),
                           [.. tags.Select((t, i) => new EntryDependency(i % epochs.Length is 0 ? Own : Tenant.Named($"{i % epochs.Length}"), flags[i] == 0 ? t : t.Subtree))]), Value: value);
        Prop.ForAll(envelope.ToArbitrary(), e =>
            Read(Write(e.Envelope, e.Value), out var read, out var value) is StoreOutcome.Hit && AreEqual(read!, e.Envelope) && value.SequenceEqual(e.Value))
            .QuickCheckThrowOnFailure();

        static bool IsText(string s) => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(s)) == s;
    }

    // Signed by ourselves, so that the check lets it through: what stands behind it is bounded all the same.
    [Fact]
    public void NonsenseThatIsSigned_IsAMiss_NeverAnError()
    {
        var random = new Random(7);
        var sample = Write(Sample, [])[..^EnvelopeFormat.CheckBytes];
        var read = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var damaged = (byte[])sample.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                damaged[random.Next(1, damaged.Length)] = (byte)random.Next(256);
            var target = new ArrayBufferWriter<byte>();
            target.Write(damaged.AsSpan(0, random.Next(EnvelopeFormat.HeadBytes, damaged.Length + 1)));
            EnvelopeWriter.WriteCheck(target, Key, Secret);
            read += Read(target.WrittenSpan, out _, out _) is StoreOutcome.Hit ? 1 : 0;
        }

        Assert.InRange(read, 1, 19_999);
    }

    [Fact]
    public void MoreDependenciesThanAnEntryHolds_IsNotWritten()
    {
        var many = Sample with { Dependencies = [.. Enumerable.Repeat(Sample.Dependencies[0], EnvelopeFormat.MaxDependencies + 1)] };
        Assert.False(EnvelopeWriter.TryWriteHead(many, new ArrayBufferWriter<byte>()));
    }
}
