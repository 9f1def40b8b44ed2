namespace Scaffold;

public class ScaffoldTests
{
    [Fact]
    public void Build_Runs() => Assert.NotNull(typeof(ScaffoldTests).Assembly);
}
