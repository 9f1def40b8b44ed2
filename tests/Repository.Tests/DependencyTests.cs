using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Repository.Tests;

/// <summary>The direction of dependencies that ARCHITECTURE.md states.</summary>
public sealed partial class DependencyTests
{
    [Fact]
    public void Freshet_ReferencesNoSibling() => Assert.Empty(ProjectReferences("Freshet"));

    [Theory]
    [InlineData("Freshet.Client")]
    [InlineData("Freshet.Resp")]
    public void Clients_ReferenceNothing(string project)
    {
        Assert.Empty(ProjectReferences(project));
        Assert.Empty(Project(project).Descendants("PackageReference"));
        Assert.Empty(Project(project).Descendants("FrameworkReference"));
    }

    [Fact]
    public void Resp_UsesNoSibling()
    {
        var files = Repository.Files("src/Freshet.Resp", "*.cs").ToArray();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.All(
            FreshetUsing().Matches(File.ReadAllText(file)).Select(m => m.Groups["folder"].Value),
            used => Assert.True(used == "Resp", $"{Repository.Relative(file)} uses Freshet.{used}")));
    }

    // What each folder of the wire client may use of the others: bytes know no sockets, sockets know no servers.
    [Theory]
    [InlineData("Protocol")]
    [InlineData("Connections", "Protocol")]
    [InlineData("Addresses", "Protocol", "Connections")]
    [InlineData("Scripts", "Protocol")]
    [InlineData("Topology", "Protocol", "Connections", "Addresses", "Scripts")]
    public void FolderOfResp_UsesOnlyWhatIsBelowIt(string folder, params string[] below) => Assert.All(
        Repository.Files("src/Freshet.Resp/" + folder, "*.cs"),
        file => Assert.All(
            RespUsing().Matches(File.ReadAllText(file)).Select(m => m.Groups["folder"].Value),
            used => Assert.True(used == folder || below.Contains(used, StringComparer.Ordinal), $"{Repository.Relative(file)} uses Freshet.Resp.{used}")));

    [Theory]
    [InlineData("Freshet.AspNetCore")]
    [InlineData("Freshet.EntityFrameworkCore")]
    public void Adapters_ReferenceTheEngineOnly(string project) => Assert.Equal(["Freshet"], ProjectReferences(project));

    [Fact]
    public void Redis_ReferencesTheEngineAndTheWireClient() => Assert.Equal(["Freshet", "Freshet.Resp"], ProjectReferences("Freshet.Redis"));

    [Fact]
    public void Freshet_UsesAbstractionsOnly()
    {
        var packages = Project("Freshet").Descendants("PackageReference").Select(e => (string)e.Attribute("Include")!).ToArray();

        Assert.NotEmpty(packages);
        Assert.All(packages, p => Assert.StartsWith("Microsoft.Extensions.", p, StringComparison.Ordinal));
        Assert.Empty(Project("Freshet").Descendants("FrameworkReference"));
    }

    [Fact]
    public void Coherence_UsesKeysOnly()
    {
        var files = Repository.Files("src/Freshet/Coherence", "*.cs").ToArray();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.All(
            FreshetUsing().Matches(File.ReadAllText(file)).Select(m => m.Groups["folder"].Value),
            used => Assert.True(used == "Keys", $"{Repository.Relative(file)} uses Freshet.{used}")));
    }

    [Fact]
    public void Coherence_HasNoClockNoThreadsNoInputOrOutput()
    {
        string[] forbidden = ["TimeProvider", "Task", "await ", "Thread.", "Timer", "File.", "Socket", "ILogger", "HttpContext"];
        foreach (var file in Repository.Files("src/Freshet/Coherence", "*.cs"))
        {
            foreach (var line in File.ReadLines(file).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)))
                Assert.False(forbidden.Any(f => line.Contains(f, StringComparison.Ordinal)), $"{Repository.Relative(file)}: {line.Trim()}");
        }
    }

    private static string[] ProjectReferences(string project) => [.. Project(project)
        .Descendants("ProjectReference")
        .Select(e => Path.GetFileNameWithoutExtension((string)e.Attribute("Include")!))];

    private static XDocument Project(string name) => XDocument.Load(Path.Combine(Repository.Root, "src", name, name + ".csproj"));

    [GeneratedRegex(@"^using (?:static )?Freshet\.(?<folder>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex FreshetUsing();

    [GeneratedRegex(@"^using (?:static )?Freshet\.Resp\.(?<folder>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex RespUsing();
}
