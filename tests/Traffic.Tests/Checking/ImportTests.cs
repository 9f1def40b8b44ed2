using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>What an import makes without naming it: an asset for each row it accepted, a mapping for each column.</summary>
public class ImportTests : PlantedTests
{
    private static readonly Call Csv = Api.ImportCsv("e-1", "name,type\nx,server\ny,server\nz,teapot\n");
    private static readonly string Imported = """{"id":"i-9","version":1,"tenant":"acme","engagementId":"e-1","acceptedRows":2}""";

    public ImportTests() => Ledger.Start("acme", [Known(RowType.Asset, "a-1", engagement: "e-1", import: "i-1")]);

    [Fact]
    public void AssetsThatTheListOfTheEngagementDoesNotCount_AreCaught()
    {
        Acknowledge(Alice, Csv, Imported);
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Assets("e-1", 1, 1), Page(1, 1, 2, Asset("a-1", "a")))?.Kind);
        Assert.Null(Judge(Vera, Api.Assets("e-1", 1, 1), Page(1, 1, 3, Asset("a-1", "a"))));
    }

    [Fact]
    public void AssetsOfAnotherEngagement_AreNotExpected()
    {
        Acknowledge(Alice, Csv, Imported);
        Assert.Null(Judge(Vera, Api.Assets("e-2", 1, 1), Page(1, 1, 0)));
    }

    [Fact]
    public void AssetsThatTheRequestCouldNotKnow_AreNotExpected()
    {
        var begin = Ledger.Begin();
        Acknowledge(Alice, Csv, Imported);
        Assert.Null(Judge(Vera, Api.Assets("e-1", 1, 1), Page(1, 1, 1, Asset("a-1", "a")), begin: begin));
    }

    [Fact]
    public void MappingsThatTheListOfTheImportLacks_AreCaught()
    {
        Acknowledge(Alice, Csv, Imported);
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Mappings("i-9"), List(Mapping("m-1", 1, "i-9")))?.Kind);
        Assert.Null(Judge(Vera, Api.Mappings("i-9"), List(Mapping("m-1", 1, "i-9"), Mapping("m-2", 1, "i-9"))));
    }

    [Theory]
    [InlineData(0, 2, 3)]
    [InlineData(1, 1, 3)]
    [InlineData(1, 2, 2)]
    public void DashboardThatDoesNotCountWhatWasImported_IsCaught(int imports, int mappings, int assets)
    {
        Acknowledge(Alice, Csv, Imported);
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Dashboard, Dashboard(200, 0, imports, mappings, assets))?.Kind);
        Assert.Null(Judge(Vera, Api.Dashboard, Dashboard(200, 0, 1, 2, 3)));
    }

    [Fact]
    public void DashboardWhoseVersionLacksWhatWasImported_IsCaught()
    {
        Acknowledge(Alice, Csv, Imported);
        // One import, two mappings and two assets.
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Dashboard, Dashboard(104, 0, 1, 2, 3))?.Kind);
        Assert.Null(Judge(Vera, Api.Dashboard, Dashboard(105, 0, 1, 2, 3)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ImportedAssetThatIsChanged_CountsOnce_InWhateverOrderTheAnswersCome(bool importFirst)
    {
        if (importFirst) Acknowledge(Alice, Csv, Imported);
        Acknowledge(Vera, Api.PatchAsset("a-8", "new"), Asset("a-8", "new", version: 2, import: "i-9"));
        if (!importFirst) Acknowledge(Alice, Csv, Imported);
        Assert.Null(Judge(Vera, Api.Dashboard, Dashboard(106, 0, 1, 2, 3)));
        Assert.NotNull(Judge(Vera, Api.Dashboard, Dashboard(105, 0, 1, 2, 3)));
        Assert.Null(Judge(Vera, Api.Assets("e-1", 2, 3), Page(2, 3, 3)));
        Assert.Null(Judge(Vera, Api.Asset("a-8"), Asset("a-8", "new", version: 2, import: "i-9")));
    }
}
