using System.Data.Common;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>
/// What contexts run while the cache asks them for their model, as one does whose constructor creates or fills the database: it
/// cannot be analysed without the model, so whatever may write touches everything once the model is there.
/// </summary>
internal sealed class EarlyWrites(EntityModelSource source, TenantContext tenants, WriteLog writes)
{
    /// <summary>Takes the command if it runs before the model is known.</summary>
    public bool Took(DbCommand command)
    {
        if (!source.IsBuilding)
            return false;
        if (!SqlReadOnly.CannotWrite(command.CommandText, SqlDialect.Other))
            source.WhenBuilt(Touch);
        return true;
    }

    private void Touch(EntityModel model)
    {
        var ambient = tenants.TryGet(out var tenant) ? tenant : Tenant.Public;
        writes.Invalidate([.. model.Types.SelectMany(t =>
            Cascade.Expand(new EntityChange(t, ChangeKind.Delete) { Reason = "type: a context wrote while it was made at start" }, ambient))]);
    }
}
