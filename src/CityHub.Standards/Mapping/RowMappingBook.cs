using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards.Mapping;

/// <summary>Row mappings: a view over the stream <c>row-mappings</c>.</summary>
internal sealed class RowMappingBook(IFactLog log, TimeProvider clock, ICodeTables tables) : DeclaredBook<RowMappingDeclaration>(log, clock, "row-mappings", "RowMappingDeclared", "declaration")
{
    public ICodeTables Tables => tables;

    /// <summary>Refused while an example fails.</summary>
    /// <param name="target">The columns of the dataset as they are now.</param>
    public ValueTask<Result<Declared<RowMappingDeclaration>>> DeclareAsync(string id, RowMappingDeclaration declaration, TableSchema target, string by, Func<RowMappingDeclaration, Problem?>? taken = null) => DeclareAsync(id, by, taken, () =>
        RowMapping.Compile(declaration, declaration.SourceSchema(), target, tables).Map(_ => declaration with { Target = DeclaredColumn.Of(target) }));

    public static Problem Unknown(string id) => RowMappingProblems.Unknown.Because($"There is no row mapping {id}.", "GET /standards/mappings lists them; PUT /standards/mappings/{id} declares one.");

    public override byte[] Write(RowMappingDeclaration what) => what.ToJson();

    protected override Result<RowMappingDeclaration> Read(ReadOnlySpan<byte> utf8) => RowMappingDeclaration.Read(utf8);
}
