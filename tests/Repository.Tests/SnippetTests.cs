using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Repository.Tests;

/// <summary>
/// Every C# block of every document compiles, with the SDK's own compiler, as a program with the usual implicit usings.
/// What a block needs beside itself stands in <c>SnippetContext.txt</c>.
/// </summary>
public sealed partial class SnippetTests
{
    public static TheoryData<string> Documents()
    {
        var data = new TheoryData<string>();
        foreach (var document in Repository.Documents().Where(d => Blocks(d).Any()))
            data.Add(Repository.Relative(document));
        return data;
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task EveryBlock_Compiles(string document) =>
        Assert.Equal("", await CompileAsync(Blocks(Path.Combine(Repository.Root, document))));

    [Fact]
    public async Task BrokenBlock_IsCaught() => Assert.Contains("CS1061", await CompileAsync(["app.NoSuchMethod();"]), StringComparison.Ordinal);

    private static IEnumerable<string> Blocks(string document) =>
        Fence().Matches(File.ReadAllText(document)).Select(m => m.Groups["code"].Value);

    // Each block becomes a function of its own, so that all blocks of a document are one compilation.
    private static async Task<string> Source(IEnumerable<string> blocks)
    {
        var context = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/Repository.Tests/SnippetContext.txt"));
        var parts = context.Split("//---\n");
        var source = new StringBuilder(parts[0]).AppendLine("public static class Blocks\n{");
        foreach (var (number, block) in blocks.Index())
        {
            // A block that makes its own builder is a whole program; any other one stands between builder and app.
            var parameters = block.Contains("WebApplication.Create", StringComparison.Ordinal)
                ? "string[] args"
                : "WebApplicationBuilder builder, WebApplication app";
            source.AppendLine(CultureInfo.InvariantCulture, $"public static async Task Block{number}({parameters})\n{{\n{block}}}");
        }

        return source.AppendLine("}").Append(parts[1]).ToString();
    }

    private static async Task<string> CompileAsync(IEnumerable<string> blocks)
    {
        var folder = Directory.CreateTempSubdirectory("freshet-snippet");
        try
        {
            var source = await Source(blocks);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Blocks.cs"), source);
            var response = new StringBuilder("-nologo -nostdlib -target:library -nullable:enable -langversion:latest -nowarn:CS8321,CS0219,CS1998\n");
            foreach (var reference in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator))
                response.Append("-r:\"").Append(reference).AppendLine("\"");
            response.AppendLine("-out:Blocks.dll").AppendLine("Blocks.cs");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "args.rsp"), response.ToString());

            using var compiler = Process.Start(new ProcessStartInfo("dotnet", ["exec", Compiler(), "-noconfig", "@args.rsp"])
            {
                WorkingDirectory = folder.FullName,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            })!;
            var output = await compiler.StandardOutput.ReadToEndAsync();
            await compiler.WaitForExitAsync();
            return compiler.ExitCode == 0 ? "" : output + source;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Compiler()
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        return Directory.EnumerateFiles(Path.Combine(root, "sdk"), "csc.dll", SearchOption.AllDirectories)
            .Where(f => f.Contains("bincore", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Last();
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.ExplicitCapture | RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Fence();
}
