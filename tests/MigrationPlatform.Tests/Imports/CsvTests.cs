using MigrationPlatform.Imports;

namespace MigrationPlatform.Tests.Imports;

public sealed class CsvTests
{
    [Theory]
    [InlineData("a,b\n1,2", "1:a|b 2:1|2")]
    [InlineData("a,b\r\n1,2\r\n", "1:a|b 2:1|2")]
    [InlineData("a;b\r1;2\r", "1:a|b 2:1|2")]
    [InlineData("a\tb\n1\t2", "1:a|b 2:1|2")]
    [InlineData("a,b\n\n\n1,2\n", "1:a|b 4:1|2")]
    [InlineData("a,b\n,\n", "1:a|b 2:|")]
    [InlineData("a\n\"x\"\"y\"", "1:a 2:x\"y")]
    [InlineData("a\n\"x,y\"", "1:a 2:x,y")]
    [InlineData("a\n\"x\r\ny\"\nz", "1:a 2:x\r\ny 4:z")]
    [InlineData("\"a;b\",c\n", "1:a;b|c")]
    [InlineData("a, b \n", "1:a|b")]
    [InlineData("a,\n", "1:a|")]
    [InlineData("", "")]
    public void GoodRecords_AreReadWithTheirLines(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', Csv.Read(text).Select(record =>
        {
            Assert.Null(record.Error);
            return $"{record.Line}:{string.Join('|', record.Fields)}";
        })));

    [Theory]
    [InlineData("a\nx\"y\nz", 2, "A quote stands inside a field that does not begin with one.")]
    [InlineData("a\n\"x\"y\nz", 2, "Text follows a closing quote.")]
    public void AMalformedRecord_IsReported_AndTheNextOneRead(string text, int line, string error)
    {
        var records = Csv.Read(text).ToList();
        Assert.Equal((line, error), (records[1].Line, records[1].Error));
        Assert.Equal((3, null), (records[2].Line, records[2].Error));
        Assert.Equal("z", Assert.Single(records[2].Fields));
    }

    [Fact]
    public void AQuoteNeverClosed_IsReportedAtTheLineItBeginsOn()
    {
        var record = Csv.Read("a\nb\n\"c\nd").Last();
        Assert.Equal((3, "A quoted field is never closed."), (record.Line, record.Error));
    }

    [Theory]
    [InlineData("name", "name", 100)]
    [InlineData("Asset Name", "name", 80)]
    [InlineData("KIND", "type", 85)]
    [InlineData("file_size", "bytes", 65)]
    [InlineData("cost centre", null, 0)]
    public void AColumn_IsMatchedByItsWords(string column, string? target, int confidence) =>
        Assert.Equal(new FieldMatch(target, confidence), FieldMatcher.Match(column));
}
