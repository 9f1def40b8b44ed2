using System.Net;
using System.Text;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Routes;

public sealed class ImportTests(PlatformFixture fixture) : PlatformTest(fixture)
{
    private const string Csv =
        """"
        Asset name;Kind;Size;Remark
        "Ledger; ""old""";server;1024;"two
        lines"
        Payroll;teapot;1;
        Portal;database;;x
        """";

    [Fact]
    public async Task ACsv_BecomesImportAssetsAndSuggestions()
    {
        var import = await Bob.ImportAsync("e-1", Csv);
        Assert.Equal("u-2", import.Text("importedBy"));
        Assert.Equal(2, import.GetProperty("acceptedRows").GetInt32());
        Assert.Equal("""[{"line":4,"reason":"'teapot' is no type of asset."}]""", Uri.UnescapeDataString(
            import.GetProperty("rejectedRows").GetRawText().Replace("\\u0027", "'", StringComparison.Ordinal)));
        Assert.Equal(import.GetRawText(), (await Bob.ReadAsync($"imports/{import.Text("id")}")).GetRawText());

        var mappings = (await Bob.ReadAsync($"imports/{import.Text("id")}/field-mappings")).Items();
        Assert.Equal(
            ["Asset name>name", "Kind>type", "Size>bytes", "Remark>description"],
            mappings.Select(mapping => $"{mapping.Text("source")}>{mapping.Text("target")}"), StringComparer.Ordinal);
        Assert.All(mappings, mapping => Assert.Equal("pending", mapping.Text("status")));

        foreach (var (type, name) in new[] { ("server", "Ledger; \"old\""), ("database", "Portal") })
        {
            var assets = (await Bob.ReadAsync($"assets?engagementId=e-1&type={type}&pageSize=200")).Items();
            Assert.Equal(name, Assert.Single(assets, asset => asset.Text("importId") == import.Text("id")).Text("name"));
        }
    }

    [Theory]
    [InlineData("", "The file is empty.")]
    [InlineData("name,type\n", "The file has no row that can be imported.")]
    [InlineData("name,NAME\nx,y\n", "Two columns have the same name.")]
    [InlineData("type,size\nserver,1\n", "No column looks like the name of an asset.")]
    [InlineData("\"name,type\nx,y\n", "The header cannot be read")]
    [InlineData("name,type\na,teapot\n", "Line 2: 'teapot' is no type of asset.")]
    public async Task AFileWithNothingGood_IsRefused(string csv, string error)
    {
        var problem = await Bob.ImportAsync("e-1", csv, HttpStatusCode.BadRequest);
        Assert.Contains(problem.GetProperty("errors").GetProperty("file").EnumerateArray(), text => text.GetString()!.StartsWith(error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnUnknownEngagement_IsNamed()
    {
        var problem = await Bob.ImportAsync("nothing", Csv, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty("engagementId", out _));
    }

    [Fact]
    public async Task AViewer_DoesNotImport() => await Vera.ImportAsync("e-1", Csv, HttpStatusCode.Forbidden);

    [Fact]
    public async Task WhatIsNoCsv_IsUnsupported() =>
        await Bob.WriteAsync(HttpMethod.Post, "imports?engagementId=e-1", new { }, HttpStatusCode.UnsupportedMediaType);

    [Fact]
    public async Task WhatIsNoUtf8_IsRefused()
    {
        using var content = new ByteArrayContent([(byte)'n', 0xC3, 0x28]);
        content.Headers.ContentType = new("text/csv");
        using var answer = await Bob.PostAsync("/api/v1/imports?engagementId=e-1", content);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("UTF-8", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooManyBytes_AreTooLarge()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/imports?engagementId=e-1")
        {
            Content = new StringContent("name\n" + new string('x', 5_000_000), Encoding.UTF8, "text/csv"),
        };
        // The server refuses by the length alone and closes: a client that is still sending would lose the answer.
        request.Headers.ExpectContinue = true;
        using var answer = await Bob.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }
}
