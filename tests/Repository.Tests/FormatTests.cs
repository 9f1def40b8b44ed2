using System.Diagnostics;

namespace Repository.Tests;

/// <summary>The code is formatted as <c>.editorconfig</c> says.</summary>
public sealed class FormatTests
{
    [Fact]
    public async Task Code_IsFormatted()
    {
        using var format = Process.Start(new ProcessStartInfo("dotnet", ["format", "Freshet.slnx", "--verify-no-changes", "--no-restore"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var errors = format.StandardError.ReadToEndAsync();
        var output = await format.StandardOutput.ReadToEndAsync();
        await format.WaitForExitAsync();

        Assert.True(format.ExitCode == 0, output + await errors);
    }
}
