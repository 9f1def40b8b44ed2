using System.Text;
using System.Text.Json;
using Freshet.Coherence;
using Freshet.Redis.Logs;
using FsCheck;
using FsCheck.Fluent;

namespace Freshet.Redis.Tests.Logs;

public class RecordFormatTests
{
    private static readonly byte[] Sample = RecordFormat.Write(
        [Tag.Of("import", "42"), Tag.Root, Tag.Of("user", "zoë/1", "*")], new ChangeSummary(ChangeAction.Updated, "import", "42"));

    [Fact]
    public void GoldenBytes_AreWrittenAndRead()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "records.json")));
        var records = vectors.RootElement.EnumerateArray().ToArray();
        Assert.NotEmpty(records);
        foreach (var vector in records)
        {
            var tags = vector.GetProperty("tags").EnumerateArray()
                .Select(t => t.EnumerateArray().Select(s => s.GetString()!).ToArray()).Select(s => s.Length == 0 ? Tag.Root : Tag.Of(s)).ToArray();
            var change = new ChangeSummary(
                (ChangeAction)vector.GetProperty("action").GetByte(), vector.GetProperty("entity").GetString(), vector.GetProperty("id").GetString());
            var hex = vector.GetProperty("bytes").GetString()!;

            Assert.Equal(hex, Convert.ToHexStringLower(RecordFormat.Write(tags, change)));
            Assert.True(RecordFormat.TryRead(Convert.FromHexString(hex), out var readTags, out var readChange));
            Assert.Equal(tags, readTags);
            Assert.Equal(change, readChange);
        }
    }

    [Fact]
    public void WhateverIsWritten_IsReadBack()
    {
        var segment = ArbMap.Default.GeneratorFor<NonEmptyString>().Select(s => s.Get).Where(s => s.Length <= 512 && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(s)) == s);
        var tag = Gen.Choose(0, 4).SelectMany(n => Gen.ArrayOf(segment, n)).Select(s => s.Length == 0 ? Tag.Root : Tag.Of(s));
        var text = Gen.OneOf(Gen.Constant<string?>(null), segment.Select(s => (string?)s));
        var record = from tags in Gen.Choose(0, 20).SelectMany(n => Gen.ArrayOf(tag, n))
                     from action in Gen.Choose(0, (int)ChangeAction.BulkOperation)
                     from entity in text
                     from id in text
                     select (Tags: tags, Change: new ChangeSummary((ChangeAction)action, entity, id));
        Prop.ForAll(record.ToArbitrary(), r =>
            RecordFormat.TryRead(RecordFormat.Write(r.Tags, r.Change), out var tags, out var change) && tags.SequenceEqual(r.Tags) && change == r.Change)
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void AnyFlippedBit_IsNoRecord()
    {
        for (var bit = 0; bit < Sample.Length * 8; bit++)
        {
            var damaged = (byte[])Sample.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(RecordFormat.TryRead(damaged, out _, out _));
        }
    }

    [Fact]
    public void CutOffAnywhere_OrLonger_IsNoRecord()
    {
        for (var length = 0; length < Sample.Length; length++)
            Assert.False(RecordFormat.TryRead(Sample.AsSpan(0, length), out _, out _));
        Assert.False(RecordFormat.TryRead([.. Sample, 0], out _, out _));
    }

    [Theory]
    [InlineData("0100000003")] // says three tags and has none
    [InlineData("010000ffffffff7f")] // a text longer than all bytes
    [InlineData("0100000001ff")] // 255 segments
    [InlineData("0100000001010100")] // a segment of a control character is fine, a lone continuation byte is not
    [InlineData("02000000")] // another version
    [InlineData("01090000")] // an unknown action
    [InlineData("01000000ffffffffff")] // a number that does not end
    public void Nonsense_WithARightChecksum_IsNoRecord(string hex)
    {
        var body = Convert.FromHexString(hex);
        if (hex is "0100000001010100")
            body[^1] = 0x80;
        var checksum = uint.MaxValue;
        foreach (var b in body)
            checksum = System.Numerics.BitOperations.Crc32C(checksum, b);
        Assert.False(RecordFormat.TryRead([.. body, .. BitConverter.GetBytes(~checksum)], out _, out _));
    }
}
