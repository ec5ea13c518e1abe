package ai.tandem.app.another;

import android.app.Activity;
import android.content.Intent;
import android.os.Bundle;
import android.widget.Button;
import android.widget.EditText;
import android.widget.LinearLayout;

/**
 * Another app's editor: its button does what "Tandem" in the menu of a text selection does. It runs in a process of its own, which has no Kotlin library, so
 * it is Java.
 */
public final class EditorActivity extends Activity {
  public static final String TEXT = "text";
  public static final String BUTTON = "process the selection";

  private EditText text;

  @Override
  protected void onCreate(Bundle savedInstanceState) {
    super.onCreate(savedInstanceState);
    text = new EditText(this);
    text.setText(getIntent().getStringExtra(TEXT));
    text.setContentDescription("editor");
    Button button = new Button(this);
    button.setText(BUTTON);
    button.setAllCaps(false);
    button.setOnClickListener(view -> process());
    LinearLayout layout = new LinearLayout(this);
    layout.setFitsSystemWindows(true);
    layout.setOrientation(LinearLayout.VERTICAL);
    layout.addView(button);
    layout.addView(text);
    setContentView(layout);
  }

  private void process() {
    startActivityForResult(
        new Intent(Intent.ACTION_PROCESS_TEXT)
            .setType("text/plain")
            .setPackage("ai.tandem.app")
            .putExtra(Intent.EXTRA_PROCESS_TEXT, text.getText().toString())
            .putExtra(Intent.EXTRA_PROCESS_TEXT_READONLY, false),
        1);
  }

  @Override
  protected void onActivityResult(int requestCode, int resultCode, Intent data) {
    if (resultCode == RESULT_OK) text.setText(data.getCharSequenceExtra(Intent.EXTRA_PROCESS_TEXT));
  }
}
